/** Rules that refuse messages, too (XEP-0191). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ALICE, BOB, EVE, start, watcher } from './rig.ts'

describe('refusing messages', () => {
  it('is what a pair or a domain of watchers can get, not what every block is', async () => {
    const { access, put } = start()
    await put({ presentity: ALICE, watcher: BOB, action: 'block' })
    assert.equal(access.mayExchangeMessages(ALICE, BOB), true)
    await put({ presentity: ALICE, watcher: BOB, action: 'block', refusesMessages: true })
    assert.equal(access.mayExchangeMessages(ALICE, BOB), false)
    assert.equal(access.mayExchangeMessages(BOB, ALICE), true)
    await put({
      presentity: ALICE,
      watcher: '@partner.example',
      action: 'block',
      refusesMessages: true,
    })
    assert.equal(access.isRefused(ALICE, EVE), true)
  })
})

describe('a block of messages, too (XEP-0191)', () => {
  const block = { presentity: ALICE, level: 'All', action: 'block', enforced: false } as const

  it('stands above the pair’s narrower levels', async () => {
    const { access } = start({})
    await access.putAll([
      { ...block, watcher: BOB, refusesMessages: true },
      { ...block, watcher: BOB, level: 'Telephony', action: 'allow', refusesMessages: false },
    ])
    assert.equal(access.decide(ALICE, watcher(BOB), true).decision, 'block')
  })

  it('of a domain stands above the roster, and below what is said of somebody in it', async () => {
    const { access } = start({})
    const domain = `@${BOB.slice(BOB.indexOf('@') + 1)}`
    await access.put({ ...block, watcher: domain, refusesMessages: false })
    assert.equal(access.decide(ALICE, watcher(BOB), true).decision, 'allow')
    await access.put({ ...block, watcher: domain, refusesMessages: true })
    assert.equal(access.decide(ALICE, watcher(BOB), true).decision, 'block')
    await access.put({ ...block, watcher: BOB, action: 'allow', refusesMessages: false })
    assert.equal(access.decide(ALICE, watcher(BOB), true).decision, 'allow')
  })
})

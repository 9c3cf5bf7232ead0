import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { Rule } from '../../src/core/presence/access/rule.ts'
import { newRosterItem } from '../../src/core/presence/roster-item.ts'
import { accessStore, grants } from '../../src/server/stores.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'

const alice = requireJid('alice@corp.example').bare
const bob = requireJid('bob@corp.example').bare

const rule: Rule = {
  presentity: alice,
  watcher: bob,
  level: 'All',
  action: 'block',
  enforced: false,
  refusesMessages: true,
  updatedAt: 7,
}

eachDatabase((_kind, open) => {
  test('rules change in one step, and what was stored is loaded', async (t) => {
    const store = accessStore(await open(t))
    const telephony = { name: 'Telephony', classes: ['phone'], inverted: false } as const
    assert.deepEqual(await store.load(), { levels: [telephony], rules: [] })
    const narrow = { ...rule, level: 'Telephony', refusesMessages: false }
    await store.changeRules({ remove: [], put: [rule, narrow] })
    await store.changeRules({ remove: [narrow], put: [{ ...rule, action: 'allow' }] })
    assert.deepEqual((await store.load()).rules, [{ ...rule, action: 'allow' }])
    await store.putLevel({ ...telephony, inverted: true })
    assert.deepEqual((await store.load()).levels, [{ ...telephony, inverted: true }])
    await store.removeLevel('Telephony')
    assert.deepEqual((await store.load()).levels, [])
  })

  test('the domain switch is unknown until somebody sets it', async (t) => {
    const store = accessStore(await open(t))
    assert.equal(await store.crossDomain(), undefined)
    await store.setCrossDomain(false)
    assert.equal(await store.crossDomain(), false)
    await store.setCrossDomain(true)
    assert.equal(await store.crossDomain(), true)
  })

  test('a watcher is granted where the contact list says from or both, and at once where it is loaded', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const { contacts } = directory
    const { isGranted } = grants(contacts)
    for (const subscription of ['none', 'to', 'from', 'both'] as const) {
      await contacts.put(alice, { ...newRosterItem(bob), subscription })
      const expected = subscription === 'from' || subscription === 'both'
      assert.equal(await isGranted(alice, bob), expected, subscription)
      assert.equal(isGranted(alice, bob), expected, subscription)
    }
    assert.equal(await isGranted(alice, 'tel:+4930123'), false)
    assert.equal(await isGranted(bob, alice), false)
  })
})

/** XEP-0079: what becomes of a message by the rules that its sender gave it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'http://jabber.org/protocol/amp'
const BOB = 'bob@corp.example'

const rule = (condition: string, action: string, value: string) =>
  `<rule condition='${condition}' action='${action}' value='${value}'/>`
const message = (to: string, rules: string, perHop = '') =>
  `<message to='${to}' type='chat' id='m1'><body>Hi</body><amp xmlns='${NS}'${perHop}>${rules}</amp></message>`

/** Of an answer: its status and its rule. */
function answer(stanzas: readonly Element[]): string {
  const answers = stanzas.filter(({ name }) => name === 'message')
  return answers
    .map((one) => {
      assert.equal(one.attr('from'), 'corp.example')
      assert.equal(one.attr('id'), 'm1')
      assert.equal(one.child('body'), undefined)
      const amp = one.child('amp', NS)
      const { status, from, to } = amp?.attrs ?? {}
      assert.match(`${from} ${to}`, /^alice@corp\.example\/desk bob@corp\.example/)
      const { condition, action, value } = amp?.child('rule')?.attrs ?? {}
      return `${status} ${condition} ${action} ${value}`
    })
    .join()
}

describe('a rule that is met', () => {
  for (const [action, expected] of [
    ['drop', ''],
    ['alert', 'alert deliver alert stored'],
    ['error', 'error deliver error stored'],
    ['notify', 'notify deliver notify stored'],
  ] as const) {
    it(`${action}: ${expected || 'nothing'} comes back, and it ${action === 'notify' ? 'waits' : 'is gone'}`, async (t) => {
      const system = await startXmppSystem(t)
      await system.befriend('alice', 'bob')
      await using alice = await system.online('alice')
      alice.send(message(BOB, rule('deliver', action, 'stored')))
      const back = await alice.settle()
      assert.equal(answer(back), expected)
      if (action === 'error') {
        const [error] = back
        assert.equal(error?.attr('type'), 'error')
        assert.equal(error && condition(error), 'modify undefined-condition')
        const failed = error?.child('error')?.child('failed-rules', `${NS}#errors`)
        assert.equal(failed?.child('rule')?.attr('value'), 'stored')
      }
      await using bob = await system.connect('bob')
      bob.send('<presence/>')
      const got = (await bob.settle()).filter(({ name }) => name === 'message')
      assert.equal(got.length, action === 'notify' ? 1 : 0)
    })
  }

  it('decides, those behind it do not; one that is not met leaves all as it was', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    const rules = rule('deliver', 'drop', 'stored') + rule('deliver', 'notify', 'direct')
    alice.send(message(BOB, rules + rule('match-resource', 'error', 'any')))
    assert.equal(answer(await alice.settle()), 'notify deliver notify direct')
    const got = await bob.expectMessage('Hi')
    const amp = got.child('amp', NS)
    assert.equal(amp?.attr('from'), alice.jid, 'the recipient learns between whom it was sent')
    assert.equal(amp?.attr('to'), BOB)
  })

  it('keeps a message from another client than the one it is for', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    const other = rule('match-resource', 'error', 'other')
    alice.send(message(`${BOB}/gone`, other))
    assert.equal(answer(await alice.settle()), 'error match-resource error other')
    alice.send(message(bob.jid, other))
    await bob.expectMessage('Hi')
    // §3.3.3: what is for each hop says nothing about resources.
    alice.send(message(`${BOB}/gone`, other, ` per-hop='true'`))
    await bob.expectMessage('Hi')
  })
})

describe('a message that expires', () => {
  it('is not delivered after that, also where it waited, and the sender is told', async (t) => {
    const clock = new FakeClock(Date.UTC(2030, 0, 1))
    const system = await startXmppSystem(t, { clock })
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    alice.send(message(BOB, rule('expire-at', 'alert', '2029-12-31T00:00:00Z')))
    assert.equal(answer(await alice.settle()), 'alert expire-at alert 2029-12-31T00:00:00Z')

    alice.send(message(BOB, rule('expire-at', 'drop', '2030-01-01T00:01:00Z')))
    alice.send(message(BOB, rule('expire-at', 'error', '2030-01-01T00:02:00Z')))
    alice.send(message(BOB, rule('expire-at', 'notify', '2030-01-01T00:01:00Z')))
    alice.send(message(BOB, rule('expire-at', 'drop', '2030-01-01T09:00:00Z')))
    assert.equal(answer(await alice.settle()), '')
    clock.advance(180_000)
    await using bob = await system.connect('bob')
    bob.send('<presence/>')
    const got = (await bob.settle()).filter(({ name }) => name === 'message')
    assert.deepEqual(
      got.map((one) => one.child('amp', NS)?.child('rule')?.attr('action')),
      ['notify', 'drop'],
    )
    assert.equal(answer(await alice.settle()), 'error expire-at error 2030-01-01T00:02:00Z')
  })
})

describe('somebody who may not see the recipient', () => {
  it('is told nothing by rules, and may have a message dropped (§9)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    for (const action of ['alert', 'error', 'notify']) {
      alice.send(message(BOB, rule('deliver', action, 'stored')))
      const [refused] = await alice.settle()
      assert.equal(refused && condition(refused), 'modify not-acceptable')
      const named = refused?.child('error')?.child('invalid-rules', NS)?.child('rule')
      assert.equal(named?.attr('action'), action)
    }
    alice.send(message(BOB, rule('deliver', 'drop', 'stored')))
    assert.deepEqual(await alice.settle(), [])
    alice.send(message('alice@corp.example/none', rule('deliver', 'notify', 'direct')))
    assert.equal((await alice.settle()).length, 2, 'of oneself one knows anyway')
  })
})

it('rules that nobody knows are refused', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.online('alice')
  alice.send(message(BOB, rule('deliver', 'sing', 'stored')))
  const [refused] = await alice.settle()
  assert.equal(refused && condition(refused), 'modify bad-request')
  assert.ok(refused?.child('error')?.child('unsupported-actions', NS))
})

it('the domain says what it can: by a feature, by a node and in its stream (§2.1.1, §8)', async (t) => {
  const system = await startXmppSystem(t)
  const features = await system.features('alice')
  assert.ok(features.child('amp', 'http://jabber.org/features/amp'))
  await using alice = await system.connect('alice')
  const ns = 'http://jabber.org/protocol/disco#info'
  const ask = async (node: string) => {
    const info = await alice.iq('get', `<query xmlns='${ns}'${node}/>`, 'corp.example')
    return [...(info.child('query', ns)?.elements() ?? [])].map((one) => one.attr('var'))
  }
  assert.ok((await ask('')).includes(NS))
  const own = await ask(` node='${NS}'`)
  for (const feature of ['', '?action=alert', '?action=drop', '?action=error', '?action=notify']) {
    assert.ok(own.includes(`${NS}${feature}`), feature)
  }
  for (const condition of ['deliver', 'expire-at', 'match-resource']) {
    assert.ok(own.includes(`${NS}?condition=${condition}`), condition)
  }
})

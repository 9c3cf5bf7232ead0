/** Messages for those who are away: XEP-0160, XEP-0203, XEP-0334, with XEP-0198. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ManagedClient } from '../support/managed-client.ts'
import { condition, startXmppSystem } from '../support/xmpp-system.ts'

const bobsJid = 'bob@corp.example'
const bodies = (stanzas: readonly Element[]) =>
  stanzas.filter(({ name }) => name === 'message').map((stanza) => stanza.child('body')?.text())

describe('a message to somebody who is away', () => {
  it('waits for him and says since when, in the words it came in', async (t) => {
    const clock = new FakeClock()
    const system = await startXmppSystem(t, { clock })
    await using alice = await system.online('alice')
    alice.send(
      `<message to='${bobsJid}' type='chat' id='m1'><body>One</body><x xmlns='urn:x'/></message>`,
    )
    alice.send(`<message to='${bobsJid}'><body>Two</body></message>`)
    assert.deepEqual(await alice.settle(), [])
    const sent = new Date(clock.now()).toISOString()
    clock.advance(3_600_000)

    await using bob = await system.connect('bob')
    bob.send('<presence/>')
    const got = (await bob.settle()).filter(({ name }) => name === 'message')
    assert.deepEqual(bodies(got), ['One', 'Two'])
    const [one] = got
    assert.equal(one?.attr('from'), alice.jid)
    assert.equal(one?.attr('to'), bobsJid)
    assert.equal(one?.attr('id'), 'm1')
    assert.ok(one?.child('x', 'urn:x'))
    const delay = one?.child('delay', 'urn:xmpp:delay')
    assert.equal(delay?.attr('from'), 'corp.example')
    assert.equal(delay?.attr('stamp'), sent)

    bob.send(`<presence type='unavailable'/><presence/>`)
    assert.deepEqual(bodies(await bob.settle()), [], 'they come once')
  })

  it('does not come to a client that asks for none, and comes when it asks again', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    alice.send(`<message to='${bobsJid}' type='chat'><body>One</body></message>`)
    await alice.settle()
    await using bob = await system.connect('bob')
    bob.send('<presence><priority>-1</priority></presence>')
    assert.deepEqual(bodies(await bob.settle()), [])
    bob.send('<presence><priority>0</priority></presence>')
    assert.deepEqual(bodies(await bob.settle()), ['One'])
  })

  it('is not kept where it is not worth it or not wanted', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`
    for (const [type, inside] of [
      ['chat', `<composing xmlns='http://jabber.org/protocol/chatstates'/>`],
      ['chat', `<body>secret</body>${hint('no-store')}`],
      ['headline', '<body>news</body>'],
      ['chat', `<received xmlns='urn:xmpp:receipts' id='m1'/>${hint('store')}`],
    ]) {
      alice.send(`<message to='${bobsJid}' type='${type}'>${inside}</message>`)
    }
    assert.deepEqual(await alice.settle(), [])
    await using bob = await system.connect('bob')
    bob.send('<presence/>')
    const got = (await bob.settle()).filter(({ name }) => name === 'message')
    assert.equal(got.length, 1)
    assert.ok(got[0]?.child('received', 'urn:xmpp:receipts'))
  })

  it('does not keep a client waiting that acknowledges what it gets', async (t) => {
    // The clock stands still: whatever waits for a deadline waits for ever.
    const system = await startXmppSystem(t, { clock: new FakeClock() })
    await using alice = await system.online('alice')
    const sent = Array.from({ length: 35 }, (_, at) => `${at}`)
    for (const body of sent) {
      alice.send(`<message to='${bobsJid}' type='chat'><body>${body}</body></message>`)
    }
    await alice.settle()
    const bob = new ManagedClient()
    await bob.begin(await system.authenticated('bob'), 'desk')
    bob.send('<presence/>')
    await bob.until(() => bob.bodies().length === sent.length)
    await bob.acknowledged()
    assert.deepEqual(bob.bodies(), sent)
    await bob.cut()
  })

  it('is refused where his mailbox is full (XEP-0160 §2)', async (t) => {
    const system = await startXmppSystem(t, { offlineLimit: 1 })
    await using alice = await system.online('alice')
    alice.send(`<message to='${bobsJid}' type='chat'><body>One</body></message>`)
    alice.send(`<message to='${bobsJid}' type='chat' id='m2'><body>Two</body></message>`)
    const [refused] = await alice.settle()
    assert.equal(refused?.attr('id'), 'm2')
    assert.equal(refused && condition(refused), 'cancel service-unavailable')
  })
})

it('the server says that it keeps messages', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  const info = await alice.iq(
    'get',
    `<query xmlns='http://jabber.org/protocol/disco#info'/>`,
    'corp.example',
  )
  const query = info.child('query', 'http://jabber.org/protocol/disco#info')
  const features = [...(query?.elements() ?? [])].map((element) => element.attr('var'))
  assert.ok(features.includes('msgoffline'))
})

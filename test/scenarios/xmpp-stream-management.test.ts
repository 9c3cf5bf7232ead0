/** XEP-0198 and XEP-0352 between people: what a broken connection does to messages, and what a client that sleeps hears. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { metrics } from '../../src/util/metrics.ts'
import type { Element } from '../../src/xml/element.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ManagedClient } from '../support/managed-client.ts'
import { condition, presences, startXmppSystem, type XmppSystem } from '../support/xmpp-system.ts'

const BOB = 'bob@corp.example'
const NS_CSI = 'urn:xmpp:csi:0'
const RESUME_MS = 300_000

const message = (body: string, to = BOB, type = 'chat') =>
  `<message to='${to}' type='${type}' id='${body}'><body>${body}</body></message>`
const bodies = (stanzas: readonly Element[]) =>
  stanzas.flatMap((stanza) => stanza.child('body')?.text() ?? [])

/** Bob, available, with a session that may be resumed. */
async function managedBob(system: XmppSystem, { answers = true } = {}): Promise<ManagedClient> {
  const bob = new ManagedClient()
  bob.answers = answers
  await bob.begin(await system.authenticated('bob'), 'desk')
  bob.send('<presence/>')
  await bob.until((received) => received.some(({ name }) => name === 'presence'))
  return bob
}

/** The server has noticed that a client has gone. */
async function waitsForClient(): Promise<void> {
  while (/ 0$/m.test(await metrics.getSingleMetricAsString('heliograph_xmpp_sessions_waiting'))) {
    await new Promise(setImmediate)
  }
}

/** Every session of his has ended, and all that this brings about is done. */
async function gone(system: XmppSystem, user: string): Promise<void> {
  while (system.sessions.of(system.jid(user)).length > 0) await new Promise(setImmediate)
}

describe('a client that lost its connection', () => {
  it('comes back to what was said meanwhile, and nobody has seen it go', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    const bob = await managedBob(system)
    await alice.settle()
    await bob.cut()
    for (const body of ['1', '2', '3']) alice.send(message(body))
    assert.deepEqual(await alice.settle(), [], 'neither errors nor presence')
    await bob.resume(await system.authenticated('bob'))
    await bob.until((received) => bodies(received).length === 3)
    assert.deepEqual(bob.bodies(), ['1', '2', '3'])
    bob.send(message('back', alice.jid))
    assert.equal((await alice.expectMessage('back')).attr('from'), bob.jid)
    await bob.cut()
  })

  it('finds its messages waiting where it comes too late, each once, with their time', async (t) => {
    const clock = new FakeClock()
    const system = await startXmppSystem(t, { clock })
    await using alice = await system.online('alice')
    alice.send(message('waited'))
    await alice.settle()
    const first = new Date(clock.now()).toISOString()
    clock.advance(1_000)
    // It reads the message, and nobody ever knows.
    const bob = await managedBob(system, { answers: false })
    await bob.until((received) => bodies(received).length === 1)
    await bob.cut()
    const sent = new Date(clock.now()).toISOString()
    for (const body of ['1', '2']) alice.send(message(body))
    await alice.settle()
    await waitsForClient()
    clock.advance(RESUME_MS)
    await gone(system, 'bob')
    await using later = await system.connect('bob')
    later.send('<presence/>')
    const got = (await later.settle()).filter(({ name }) => name === 'message')
    const delays = got.map((stanza) =>
      [...stanza.elements()].filter(({ name }) => name === 'delay'),
    )
    assert.deepEqual(
      delays.map((found) => found.map((delay) => delay.attr('stamp'))),
      [[first], [sent], [sent]],
    )
    assert.deepEqual(bodies(await later.settle()), [])
  })

  it('gives its messages to another client of the person, and none that this one has', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    const desk = await managedBob(system)
    await using phone = await system.online('bob', 'phone')
    await desk.cut()
    alice.send(message('to both'))
    alice.send(message('to the desk', desk.jid))
    await alice.settle()
    await phone.expectMessage('to both')
    // A new client takes the name, and so the session ends.
    await using next = await system.connect('bob', 'desk')
    assert.equal(next.jid, desk.jid)
    const redirected = await phone.expectMessage('to the desk')
    assert.equal(redirected.attr('from'), alice.jid)
    assert.deepEqual(bodies(await phone.settle()), [])
    assert.deepEqual(await alice.settle(), [])
  })

  it('answers for a message that nobody can take, and for a request', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    const bob = await managedBob(system)
    await alice.settle()
    await bob.cut()
    alice.send(message('lost', bob.jid, 'normal'))
    alice.send(`<iq type='get' id='v1' to='${bob.jid}'><query xmlns='jabber:iq:version'/></iq>`)
    await alice.settle()
    await using next = await system.connect('bob', 'desk')
    const refusals = [
      await alice.expect(({ attrs }) => attrs.type === 'error' && attrs.id === 'lost'),
      await alice.expect(({ attrs }) => attrs.type === 'error' && attrs.id === 'v1'),
    ]
    assert.deepEqual(refusals.map(condition), [
      'cancel service-unavailable',
      'cancel service-unavailable',
    ])
    assert.equal(next.jid, bob.jid)
  })
})

describe('a client that nobody looks at', () => {
  it('hears of the last presence of each contact when somebody looks again', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using bob = await system.online('bob')
    await using alice = await system.online('alice')
    await bob.settle()
    bob.send(`<inactive xmlns='${NS_CSI}'/>`)
    // An answer goes with what waits: the server has read that nobody looks.
    await bob.settle()
    const came: Element[] = []
    bob.watch((element) => void came.push(element))
    alice.send('<presence><show>away</show></presence>')
    alice.send('<presence><show>dnd</show></presence>')
    await alice.settle()
    assert.deepEqual(presences(came), [])
    bob.send(`<active xmlns='${NS_CSI}'/>`)
    const shown = await bob.expectPresence('available', alice.jid)
    assert.equal(shown.child('show')?.text(), 'dnd')
    assert.equal(presences(came).length, 1)
  })

  it('hears a message at once, behind the presence that waited', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using bob = await system.online('bob')
    await using alice = await system.online('alice')
    await bob.settle()
    bob.send(`<inactive xmlns='${NS_CSI}'/>`)
    await bob.settle()
    alice.send('<presence><show>away</show></presence>')
    alice.send(message('Wake up'))
    await bob.expectMessage('Wake up')
    assert.equal((await bob.expectPresence('available', alice.jid)).child('show')?.text(), 'away')
  })

  it('is active again when it comes back on another stream', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    const bob = await managedBob(system)
    await using alice = await system.online('alice')
    await bob.until((received) => received.some(({ attrs }) => attrs.from === alice.jid))
    bob.sendNonza(`<inactive xmlns='${NS_CSI}'/>`)
    await bob.acknowledged()
    await bob.cut()
    alice.send('<presence><show>dnd</show></presence>')
    await alice.settle()
    await bob.resume(await system.authenticated('bob'))
    await bob.until((received) => received.some((el) => el.child('show')?.text() === 'dnd'))
    alice.send('<presence><show>xa</show></presence>')
    await bob.until((received) => received.some((el) => el.child('show')?.text() === 'xa'))
    await bob.cut()
  })
})

/** XEP-0280 with XEP-0297: copies for the other clients of a person. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ManagedClient } from '../../support/managed-client.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import { condition, startXmppSystem, type XmppSystem } from '../../support/xmpp-system.ts'

const NS = 'urn:xmpp:carbons:2'
const ENABLE = `<enable xmlns='${NS}'/>`
const DISABLE = `<disable xmlns='${NS}'/>`
const ALICE = 'alice@corp.example'
const BOB = 'bob@corp.example'

/** A client that takes copies. */
async function enabled(system: XmppSystem, user: string, resource: string): Promise<XmppClient> {
  const client = await system.online(user, resource)
  assert.equal((await client.iq('set', ENABLE)).attr('type'), 'result')
  return client
}

function said(to: string, body: string, more = '', type = 'chat'): string {
  return `<message to='${to}' type='${type}' id='m-${body}'><body>${body}</body>${more}</message>`
}

/** Messages and copies in a few words each. */
function heard(stanzas: readonly Element[]): string[] {
  return stanzas.filter(({ name }) => name === 'message').map(describeMessage)
}

function describeMessage(stanza: Element): string {
  for (const direction of ['sent', 'received']) {
    const copy = stanza.child(direction, NS)
    const within = copy?.child('forwarded', 'urn:xmpp:forward:0')?.child('message', 'jabber:client')
    if (!within) continue
    return `${direction} by ${within.attr('from')} to ${within.attr('to')}: ${textOf(within)}`
  }
  return textOf(stanza)
}

function textOf(stanza: Element): string {
  const [first] = stanza.elements()
  return stanza.child('body')?.text() ?? stanza.attr('type') ?? first?.name ?? ''
}

async function settled(...clients: readonly XmppClient[]): Promise<string[][]> {
  const all: string[][] = []
  for (const client of clients) all.push(heard(await client.settle()))
  return all
}

describe('copies', () => {
  it('go to the other clients of both, once they ask for them (§4, §7, §8)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using aliceToo = await enabled(system, 'alice', 'phone')
    await using bob = await system.online('bob')
    await using bobToo = await enabled(system, 'bob', 'phone')
    await settled(alice, aliceToo, bob, bobToo)
    alice.send(said(bob.jid, 'Hi'))
    alice.send(
      `<message to='${bob.jid}' type='chat'><gone xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    )
    const [own, sent, got, received] = await settled(alice, aliceToo, bob, bobToo)
    assert.deepEqual([own, got], [[], ['Hi', 'chat']])
    assert.deepEqual(sent, [
      `sent by ${alice.jid} to ${bob.jid}: Hi`,
      `sent by ${alice.jid} to ${bob.jid}: chat`,
    ])
    assert.deepEqual(received, [
      `received by ${alice.jid} to ${bob.jid}: Hi`,
      `received by ${alice.jid} to ${bob.jid}: chat`,
    ])
  })

  it('come from the account, to the client, of the type of the message (§7)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await using phone = await enabled(system, 'bob', 'phone')
    alice.send(said(bob.jid, 'Hi', '', 'normal'))
    const copy = await phone.expect((one) => one.child('received', NS) !== undefined)
    assert.equal(copy.attr('from'), BOB)
    assert.equal(copy.attr('to'), phone.jid)
    assert.equal(copy.attr('type'), 'normal')
  })

  it('do not go to whom the message was delivered, nor to somebody who asks for none', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await enabled(system, 'bob', 'desk')
    await using phone = await enabled(system, 'bob', 'phone')
    await settled(bob, phone)
    alice.send(said(BOB, 'To all'))
    await alice.settle()
    assert.deepEqual(await settled(bob, phone), [['To all'], ['To all']])
    await phone.iq('set', DISABLE)
    await phone.iq('set', DISABLE)
    alice.send(said(bob.jid, 'To one'))
    await alice.settle()
    assert.deepEqual(await settled(bob, phone), [['To one'], []])
    await phone.iq('set', ENABLE)
    await phone.iq('set', ENABLE)
    alice.send(said(bob.jid, 'To one'))
    await alice.settle()
    assert.deepEqual((await settled(phone))[0]?.length, 1)
  })

  it('of a conversation that lives at one client keep the others informed', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using desk = await system.online('bob', 'desk')
    await using phone = await enabled(system, 'bob', 'phone')
    desk.send(said(ALICE, 'I am here'))
    await desk.settle()
    alice.send(said(BOB, 'Good'))
    await alice.settle()
    const [atDesk, atPhone] = await settled(desk, phone)
    assert.deepEqual(atDesk, ['Good'])
    assert.deepEqual(atPhone, [
      `sent by ${desk.jid} to ${ALICE}: I am here`,
      `received by ${alice.jid} to ${BOB}: Good`,
    ])
  })

  it('of private messages are not made; these go on as they were (§9)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using aliceToo = await enabled(system, 'alice', 'phone')
    await using bob = await system.online('bob')
    await using bobToo = await enabled(system, 'bob', 'phone')
    await settled(alice, aliceToo, bob, bobToo)
    const isPrivate = `<private xmlns='${NS}'/><no-copy xmlns='urn:xmpp:hints'/>`
    alice.send(said(bob.jid, 'Psst', isPrivate))
    alice.send(said(bob.jid, 'Psst', `<no-copy xmlns='urn:xmpp:hints'/>`))
    await alice.settle()
    const got = await bob.expectMessage('Psst')
    assert.ok(got.child('private', NS) && got.child('no-copy', 'urn:xmpp:hints'))
    assert.deepEqual(await settled(aliceToo, bob, bobToo), [[], ['Psst'], []])
  })

  it('tell the others that a message came back (§6.1)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using phone = await enabled(system, 'alice', 'phone')
    await settled(phone)
    alice.send(said('nobody@corp.example', 'Anyone?'))
    alice.send(said('nobody@corp.example', 'Psst', `<private xmlns='${NS}'/>`))
    await alice.settle()
    assert.deepEqual((await settled(phone))[0], [
      `sent by ${alice.jid} to nobody@corp.example: Anyone?`,
      `received by nobody@corp.example to ${alice.jid}: error`,
    ])
  })

  it('of what a client’s own error answers go to the others, too (§6.1)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await using phone = await enabled(system, 'bob', 'phone')
    await settled(phone)
    const error = `<error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
    alice.send(`<message to='${bob.jid}' type='error' id='1'><body>Hi</body>${error}</message>`)
    alice.send(`<message to='${bob.jid}' type='error' id='2'>${error}</message>`)
    await alice.settle()
    assert.deepEqual((await settled(phone))[0], [`received by ${alice.jid} to ${bob.jid}: Hi`])
  })

  it('reach a client that wants no messages of its own, and has sent no presence', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using quiet = await system.connect('bob', 'quiet')
    await quiet.iq('set', ENABLE)
    alice.send(said(BOB, 'Hi'))
    await alice.settle()
    const copy = await quiet.expect((one) => one.child('received', NS) !== undefined)
    // It waits all the same, for a client that takes messages, and says that it is the same one.
    await using desk = await system.connect('bob', 'desk')
    desk.send('<presence/>')
    const kept = await desk.expectMessage('Hi')
    const within = copy.child('received', NS)?.child('forwarded', 'urn:xmpp:forward:0')
    const idOf = (one?: Element) => one?.child('stanza-id', 'urn:xmpp:sid:0')?.attr('id')
    assert.ok(idOf(kept))
    assert.equal(idOf(within?.child('message', 'jabber:client')), idOf(kept))
  })
})

describe('a client that manages its stream (XEP-0198)', () => {
  const enable = (client: ManagedClient) =>
    client.send(`<iq type='set' id='carbons'>${ENABLE}</iq>`)

  it('still gets copies when it has come back', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    const phone = new ManagedClient()
    await phone.begin(await system.authenticated('bob'), 'phone')
    enable(phone)
    await phone.acknowledged()
    await phone.cut()
    alice.send(said(bob.jid, 'While it was away'))
    await alice.settle()
    await phone.resume(await system.authenticated('bob'))
    alice.send(said(bob.jid, 'After'))
    await phone.until((all) => heard(all).length === 2)
    assert.deepEqual(heard(phone.received), [
      `received by ${alice.jid} to ${bob.jid}: While it was away`,
      `received by ${alice.jid} to ${bob.jid}: After`,
    ])
    await phone.cut()
  })

  it('and is gone for good leaves what it was told of to others only where nobody has it', async (t) => {
    const clock = new FakeClock()
    const system = await startXmppSystem(t, { clock })
    await using alice = await system.online('alice')
    const desk = new ManagedClient()
    await desk.begin(await system.authenticated('bob'), 'desk')
    const phone = new ManagedClient()
    await phone.begin(await system.authenticated('bob'), 'phone')
    for (const client of [desk, phone]) {
      client.send('<presence/>')
      enable(client)
      await client.acknowledged()
      client.answers = false
    }
    await desk.cut()
    await phone.cut()
    // One client has it, the other a copy of it; neither comes back.
    alice.send(said(`${BOB}/desk`, 'Hello?'))
    await alice.settle()
    clock.advance(300_000)
    await using next = await system.connect('bob', 'next')
    next.send('<presence/>')
    await next.expectMessage('Hello?')
    assert.deepEqual(heard(await next.settle()), [], 'once')
  })
})

describe('a copy that somebody made up', () => {
  it('comes from him, as the recipient can see (§11)', async (t) => {
    const system = await startXmppSystem(t)
    await using mallory = await system.online('dave')
    await using bob = await enabled(system, 'bob', 'desk')
    const inner = `<message xmlns='jabber:client' from='${ALICE}/x' to='${BOB}'><body>Pay him</body></message>`
    mallory.send(
      `<message to='${BOB}' type='chat'><received xmlns='${NS}'><forwarded xmlns='urn:xmpp:forward:0'>${inner}</forwarded></received></message>`,
    )
    const forged = await bob.expect((one) => one.child('received', NS) !== undefined)
    assert.equal(forged.attr('from'), mallory.jid)
  })

  it('cannot come from the account itself, whichever of its clients sends it', async (t) => {
    const system = await startXmppSystem(t)
    await using desk = await system.online('bob', 'desk')
    await using phone = await enabled(system, 'bob', 'phone')
    desk.send(
      `<message from='${BOB}' to='${phone.jid}' type='chat'><received xmlns='${NS}'/></message>`,
    )
    const forged = await phone.expect((one) => one.child('received', NS) !== undefined)
    assert.equal(forged.attr('from'), desk.jid)
  })
})

it('nobody turns the copies of others on or off', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.online('alice')
  for (const payload of [ENABLE, DISABLE]) {
    assert.equal(condition(await alice.iq('set', payload, BOB)), 'cancel service-unavailable')
  }
})

it('the domain and the account say that there are copies, by all of the rules (§3, §6.2)', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  const ns = 'http://jabber.org/protocol/disco#info'
  for (const to of ['corp.example', ALICE]) {
    const info = await alice.iq('get', `<query xmlns='${ns}'/>`, to)
    const features = [...(info.child('query', ns)?.elements() ?? [])].map((one) => one.attr('var'))
    for (const feature of [NS, 'urn:xmpp:carbons:rules:0'])
      assert.ok(features.includes(feature), to)
  }
})

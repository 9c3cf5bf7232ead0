/** What XMPP watchers see of a person whom other sources know, too: docs/adr/0004. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PresenceChange } from '../../src/core/presence/presence.ts'
import {
  condition,
  jidOf,
  presences,
  startXmppSystem,
  told,
  type XmppSystem,
} from '../support/xmpp-system.ts'

const alicesJid = 'alice@corp.example'
const bobsJid = 'bob@corp.example'

async function startFriends(...args: Parameters<typeof startXmppSystem>): Promise<XmppSystem> {
  const system = await startXmppSystem(...args)
  await system.befriend('alice', 'bob')
  return system
}

describe('a person with XMPP clients', () => {
  it('is seen as the composed state says while another source speaks for him', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    await using desk = await system.online('bob', 'desk')
    await using _phone = await system.online(
      'bob',
      'phone',
      '<show>away</show><status>Coffee</status><priority>5</priority>',
    )
    await alice.settle()
    await desk.settle()

    system.report('bob', 'on-a-call')
    assert.deepEqual(presences(await alice.settle()), [
      `available ${bobsJid}/desk dnd On a call`,
      `available ${bobsJid}/phone dnd On a call 5`,
    ])
    assert.deepEqual(await desk.settle(), [], 'his own clients see each other as they are')

    system.report('bob', 'on-a-call', 'With a customer')
    assert.deepEqual(presences(await alice.settle()), [
      `available ${bobsJid}/desk dnd With a customer`,
      `available ${bobsJid}/phone dnd With a customer 5`,
    ])

    system.withdraw('bob')
    assert.deepEqual(presences(await alice.settle()), [
      `available ${bobsJid}/desk`,
      `available ${bobsJid}/phone away Coffee 5`,
    ])
  })

  it('keeps what his clients say beside show and status', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    system.report('bob', 'in-a-meeting')
    await alice.settle()
    await using bob = await system.connect('bob')
    const c = `<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:n' ver='v='/>`
    bob.send(`<presence id='p1'><show>chat</show><status>Hi</status>${c}</presence>`)
    await bob.settle()
    const stanza = await alice.expectPresence('available', `${bobsJid}/desk`)
    assert.equal(told(stanza), `available ${bobsJid}/desk dnd In a meeting`)
    assert.equal(stanza.attr('id'), 'p1')
    assert.ok(stanza.child('c', 'http://jabber.org/protocol/caps'))
  })

  it('is seen as his client says where that is what counts', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    await using _bob = await system.online('bob', 'desk', '<show>dnd</show><status>No</status>')
    await alice.settle()
    system.report('bob', 'on-a-call') // do not disturb, set by hand, is above it
    assert.deepEqual(await alice.settle(), [])
  })

  it('is seen so by those who come later, and by those who ask', async (t) => {
    const system = await startFriends(t)
    await using _bob = await system.online('bob')
    system.report('bob', 'on-a-call')
    await using alice = await system.connect('alice')
    alice.send('<presence/>')
    const seen = `available ${bobsJid}/desk dnd On a call`
    assert.deepEqual(presences(await alice.settle()).slice(1), [seen])
    alice.send(`<presence type='probe' to='${bobsJid}'/>`)
    assert.deepEqual(presences(await alice.settle()), [seen])
  })

  it('who wants to seem offline is offline to others, on all his clients', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    await bob.settle()
    system.report('bob', 'offline', undefined, 'manual')
    assert.deepEqual(presences(await alice.settle()), [`unavailable ${bobsJid}/desk`])
    bob.send('<presence><show>away</show></presence>')
    await bob.settle()
    assert.deepEqual(await alice.settle(), [])
    system.withdraw('bob')
    assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/desk away`])
  })
})

describe('a person without an XMPP client', () => {
  it('is announced by a made-up resource while any other source knows him', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    system.report('bob', 'available')
    assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/heliograph`])
    system.report('bob', 'away')
    assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/heliograph away Away`])
    system.withdraw('bob')
    assert.deepEqual(presences(await alice.settle()), [`unavailable ${bobsJid}/heliograph`])
  })

  it('gives way to his client, and comes back after it', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    system.report('bob', 'out-of-office', 'Back on Monday')
    await alice.settle()
    const bob = await system.online('bob')
    const xa = 'xa Back on Monday'
    assert.deepEqual(presences(await alice.settle()), [
      `unavailable ${bobsJid}/heliograph`,
      `available ${bobsJid}/desk ${xa}`,
    ])
    bob.send(`<presence type='unavailable'><status>Bye</status></presence>`)
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), [
      `unavailable ${bobsJid}/desk Bye`,
      `available ${bobsJid}/heliograph ${xa}`,
    ])
    await bob.cut()
  })

  it('takes another name where a client of his has that one', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    await using bob = await system.connect('bob', 'heliograph')
    system.report('bob', 'available')
    await alice.expectPresence('available', `${bobsJid}/heliograph-presence`)
    bob.send('<presence/>')
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), [
      `unavailable ${bobsJid}/heliograph-presence`,
      `available ${bobsJid}/heliograph`,
    ])
  })

  it('gets what is written to that resource', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    system.report('bob', 'available')
    for (const type of ['chat', 'normal']) {
      alice.send(
        `<message to='${bobsJid}/heliograph' type='${type}'><body>${type}</body></message>`,
      )
    }
    assert.deepEqual(
      (await alice.settle()).filter(({ name }) => name === 'message'),
      [],
    )
    await using bob = await system.connect('bob')
    bob.send('<presence/>')
    await bob.expectMessage('chat')
    await bob.expectMessage('normal')
    const version = `<query xmlns='jabber:iq:version'/>`
    const answer = await alice.iq('get', version, `${bobsJid}/heliograph`)
    assert.equal(condition(answer), 'cancel service-unavailable')
  })
})

describe('the states in XMPP’s words', () => {
  const words = [
    ['available', `available ${bobsJid}/heliograph`],
    ['busy', `available ${bobsJid}/heliograph dnd Busy`],
    ['on-a-call', `available ${bobsJid}/heliograph dnd On a call`],
    ['in-a-meeting', `available ${bobsJid}/heliograph dnd In a meeting`],
    ['do-not-disturb', `available ${bobsJid}/heliograph dnd Do not disturb`],
    ['be-right-back', `available ${bobsJid}/heliograph away Be right back`],
    ['away', `available ${bobsJid}/heliograph away Away`],
    ['out-of-office', `available ${bobsJid}/heliograph xa Out of office`],
    ['offline', `unavailable ${bobsJid}/heliograph`],
  ] as const

  it('are those of the table', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    for (const [state, expected] of words) {
      system.report('bob', state)
      assert.deepEqual(presences(await alice.settle()), [expected])
    }
  })

  it('keep dnd for Do Not Disturb where the operator wants that', async (t) => {
    const system = await startFriends(t, { config: { busyShow: 'none' } })
    await using alice = await system.online('alice')
    system.report('bob', 'on-a-call')
    assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/heliograph On a call`])
    system.report('bob', 'do-not-disturb')
    assert.deepEqual(presences(await alice.settle()), [
      `available ${bobsJid}/heliograph dnd Do not disturb`,
    ])
  })
})

describe('who is blocked', () => {
  it('sees somebody offline, whatever his roster says', async (t) => {
    const system = await startFriends(t)
    await system.access.put({
      presentity: bobsJid,
      watcher: alicesJid,
      level: 'All',
      action: 'block',
      enforced: false,
      refusesMessages: false,
    })
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    system.report('bob', 'on-a-call')
    await bob.settle()
    assert.deepEqual(await alice.settle(), [])
    alice.send(`<presence type='probe' to='${bobsJid}'/>`)
    assert.deepEqual(presences(await alice.settle()), [`unavailable ${bobsJid}`])
  })
})

describe('XMPP clients as sources', () => {
  it('tell the core what they show', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.connect('bob')
    const person = () => system.presence.document(jidOf('bob')).person
    for (const [presence, state, manual, note] of [
      ['', 'available', false, undefined],
      ['<show>chat</show>', 'available', false, undefined],
      ['<show>away</show><status>Coffee</status>', 'away', false, 'Coffee'],
      ['<show>xa</show>', 'away', false, undefined],
      ['<show>dnd</show>', 'do-not-disturb', true, undefined],
    ] as const) {
      bob.send(`<presence>${presence}</presence>`)
      await bob.settle()
      const { state: seen, manual: byHand, note: said } = person()
      assert.deepEqual([seen, byHand, said], [state, manual, note])
    }
    bob.send(`<presence type='unavailable'/>`)
    await bob.settle()
    assert.equal(person().state, 'offline')
  })

  it('keep the time of their state over stanzas that say the same', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.online('bob')
    const changes: PresenceChange[] = []
    using _audience = system.presence.subscribe({
      name: 'test',
      presenceChanged: (change) => void changes.push(change),
    })
    bob.send('<presence><priority>3</priority></presence><presence/>')
    await bob.settle()
    assert.deepEqual(changes, [])
  })

  it('with a negative priority are there, and take no messages', async (t) => {
    const system = await startXmppSystem(t)
    await using _bob = await system.online('bob', 'desk', '<priority>-5</priority>')
    const { person, tuples } = system.presence.document(jidOf('bob'))
    assert.equal(person.state, 'available')
    assert.deepEqual(
      tuples.map(({ capabilities, class: kind }) => [kind, capabilities?.im]),
      [['enterprise-im', false]],
    )
  })
})

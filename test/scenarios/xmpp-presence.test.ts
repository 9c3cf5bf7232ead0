/** Exchanging presence: RFC 6121 §4. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../support/fake-clock.ts'
import {
  condition,
  jidOf,
  presences,
  startXmppSystem,
  type XmppSystem,
} from '../support/xmpp-system.ts'

const alicesJid = 'alice@corp.example'
const bobsJid = 'bob@corp.example'

async function startFriends(...args: Parameters<typeof startXmppSystem>): Promise<XmppSystem> {
  const system = await startXmppSystem(...args)
  await system.befriend('alice', 'bob')
  return system
}

describe('initial presence (§4.2)', () => {
  it('goes to subscribers and to all of one’s own clients, and brings theirs', async (t) => {
    const system = await startFriends(t)
    await using bob = await system.online('bob')
    await using desk = await system.online('alice', 'desk')
    await bob.settle()
    await using phone = await system.connect('alice', 'phone')
    phone.send('<presence><show>away</show><priority>5</priority></presence>')
    const mine = await phone.settle()
    assert.deepEqual(presences(mine), [
      `available ${alicesJid}/phone away 5`,
      `available ${alicesJid}/desk`,
      `available ${bobsJid}/desk`,
    ])
    assert.ok(mine.every((stanza) => stanza.attr('to') === alicesJid))
    assert.deepEqual(presences(await desk.settle()), [`available ${alicesJid}/phone away 5`])
    const seen = await bob.settle()
    assert.deepEqual(presences(seen), [`available ${alicesJid}/phone away 5`])
    assert.equal(seen[0]?.attr('to'), bobsJid)
  })

  it('does not go to those who are not subscribed', async (t) => {
    const system = await startXmppSystem(t)
    await system.put('alice', { contact: jidOf('bob'), subscription: 'to' })
    await using bob = await system.online('bob')
    await using _alice = await system.online('alice')
    assert.deepEqual(await bob.settle(), [])
  })

  it('comes with all that the client put in, once for each who gets it', async (t) => {
    const system = await startFriends(t)
    await using bob = await system.online('bob')
    await using alice = await system.connect('alice')
    const c = `<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:n' ver='v='/>`
    alice.send(`<presence id='p1' xml:lang='de'><status>Grüße</status>${c}</presence>`)
    await alice.settle()
    const [stanza] = await bob.settle()
    assert.equal(stanza?.attr('id'), 'p1')
    assert.equal(stanza?.attr('xml:lang'), 'de')
    assert.equal(stanza?.child('c', 'http://jabber.org/protocol/caps')?.attr('ver'), 'v=')
  })
})

describe('later presence', () => {
  it('is broadcast each time, even where nothing changed (§4.4)', async (t) => {
    const system = await startFriends(t)
    await using bob = await system.online('bob')
    await using alice = await system.online('alice')
    await bob.settle()
    alice.send('<presence/><presence/>')
    await alice.settle()
    assert.deepEqual(presences(await bob.settle()), [
      `available ${alicesJid}/desk`,
      `available ${alicesJid}/desk`,
    ])
  })

  it('is refused where it says what cannot be (§4.7)', async (t) => {
    const system = await startFriends(t)
    await using bob = await system.online('bob')
    await using alice = await system.online('alice')
    await bob.settle()
    for (const wrong of [
      `<presence type='bogus'/>`,
      `<presence><show>busy</show></presence>`,
      `<presence><priority>128</priority></presence>`,
      `<presence><priority>high</priority></presence>`,
      `<presence type='subscribe'/>`,
    ]) {
      alice.send(wrong)
      const [answer] = await alice.settle()
      assert.equal(answer && condition(answer), 'modify bad-request', wrong)
    }
    assert.deepEqual(await bob.settle(), [])
  })
})

describe('unavailable presence (§4.5)', () => {
  it('takes its words along', async (t) => {
    const system = await startFriends(t)
    await using bob = await system.online('bob')
    await using alice = await system.online('alice', 'desk')
    await using phone = await system.online('alice', 'phone')
    await bob.settle()
    alice.send(`<presence type='unavailable'><status>Going home</status></presence>`)
    const gone = `unavailable ${alicesJid}/desk Going home`
    assert.ok(presences(await alice.settle()).includes(gone), 'to itself, too')
    assert.deepEqual(presences(await bob.settle()), [gone])
    assert.deepEqual(presences(await phone.settle()), [gone])
    alice.send(`<presence type='unavailable'/>`)
    await alice.settle()
    assert.deepEqual(await bob.settle(), [], 'only once')
  })

  it('is sent for a client that leaves without a word', async (t) => {
    const system = await startFriends(t)
    await using bob = await system.online('bob')
    const alice = await system.online('alice')
    await alice.cut()
    await bob.expectPresence('unavailable', alicesJid)
    assert.equal(system.presence.document(jidOf('alice')).person.state, 'offline')
  })
})

describe('a probe (§4.3)', () => {
  it('is answered with what each resource said last', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    await using _desk = await system.online('bob', 'desk', '<show>dnd</show>')
    await using _phone = await system.online('bob', 'phone')
    await alice.settle()
    alice.send(`<presence type='probe' to='${bobsJid}'/>`)
    assert.deepEqual(presences(await alice.settle()), [
      `available ${bobsJid}/desk dnd`,
      `available ${bobsJid}/phone`,
    ])
  })

  it('tells since when somebody is gone, mirroring its id (§4.3.2.1)', async (t) => {
    const clock = new FakeClock()
    const system = await startFriends(t, { clock })
    await using alice = await system.online('alice')
    const bob = await system.online('bob')
    await alice.settle()
    clock.advance(60_000)
    bob.send(`<presence type='unavailable'/>`)
    await bob.settle()
    const left = new Date(clock.now()).toISOString()
    clock.advance(60_000)
    await alice.settle()
    alice.send(`<presence type='probe' id='probe1' to='${bobsJid}'/>`)
    const [answer] = await alice.settle()
    assert.deepEqual(answer && presences([answer]), [`unavailable ${bobsJid}`])
    assert.equal(answer?.attr('id'), 'probe1')
    assert.equal(answer?.child('delay', 'urn:xmpp:delay')?.attr('stamp'), left)
  })

  it('by somebody who may not see, or for nobody, is answered alike', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using _bob = await system.online('bob')
    for (const whom of [bobsJid, `${bobsJid}/desk`, 'nobody@corp.example']) {
      alice.send(`<presence type='probe' id='p' to='${whom}'/>`)
      const bare = whom.replace('/desk', '')
      assert.deepEqual(presences(await alice.settle()), [`unsubscribed ${bare}`])
    }
  })

  it('of one resource tells that it is there and no more', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    await using _bob = await system.online('bob', 'desk', '<show>dnd</show><status>Busy</status>')
    await alice.settle()
    alice.send(`<presence type='probe' to='${bobsJid}/desk'/>`)
    assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/desk`])
    alice.send(`<presence type='probe' to='${bobsJid}/other'/>`)
    assert.deepEqual(presences(await alice.settle()), [`unavailable ${bobsJid}/other`])
  })

  it('that the server makes at sign-in repairs a subscription that one side has lost', async (t) => {
    const system = await startXmppSystem(t)
    await system.put('alice', { contact: jidOf('bob'), subscription: 'to' })
    await using _bob = await system.online('bob')
    await using alice = await system.online('alice')
    alice.send(`<presence type='unavailable'/>`)
    await alice.settle()
    assert.equal((await system.item('alice', 'bob'))?.subscription, 'none')
  })
})

describe('directed presence (§4.6)', () => {
  it('shows one to whom it is sent, and ends when the sender goes', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.online('bob')
    await using carol = await system.online('carol')
    const alice = await system.online('alice')
    alice.send(`<presence to='${bobsJid}'><show>chat</show></presence>`)
    alice.send(`<presence to='carol@corp.example/desk'/>`)
    await alice.settle()
    assert.deepEqual(presences(await bob.settle()), [`available ${alicesJid}/desk chat`])
    assert.deepEqual(presences(await carol.settle()), [`available ${alicesJid}/desk`])

    alice.send('<presence><show>away</show></presence>')
    await alice.settle()
    assert.deepEqual(await bob.settle(), [], 'broadcasts are not for him')

    alice.send(`<presence type='unavailable' to='${bobsJid}'/>`)
    await alice.settle()
    assert.deepEqual(presences(await bob.settle()), [`unavailable ${alicesJid}/desk`])

    await alice.cut()
    const gone = await carol.expectPresence('unavailable', alicesJid)
    assert.equal(gone.attr('to'), 'carol@corp.example/desk')
    assert.deepEqual(await bob.settle(), [], 'he was told already')
  })

  it('works for a client that is not available, and ends for subscribers once', async (t) => {
    const system = await startFriends(t)
    await using bob = await system.online('bob')
    await using alice = await system.connect('alice')
    alice.send(`<presence to='${bobsJid}'/>`)
    await alice.settle()
    assert.deepEqual(presences(await bob.settle()), [`available ${alicesJid}/desk`])
    alice.send(`<presence/><presence type='unavailable'/>`)
    await alice.settle()
    assert.deepEqual(presences(await bob.settle()), [
      `available ${alicesJid}/desk`,
      `unavailable ${alicesJid}/desk`,
    ])
  })

  it('of a client that never became available ends for subscribers, too', async (t) => {
    const system = await startFriends(t)
    await using bob = await system.online('bob')
    const alice = await system.connect('alice')
    alice.send(`<presence to='${bobsJid}'/>`)
    await alice.settle()
    await alice.cut()
    await bob.expectPresence('unavailable', alicesJid)
  })

  it('lets its addressee ask whether the sender is still there (§4.6.6)', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.online('bob')
    await using alice = await system.online('alice', 'desk', '<show>dnd</show>')
    alice.send(`<presence to='${bobsJid}'/>`)
    await alice.settle()
    await bob.settle()
    bob.send(`<presence type='probe' to='${alicesJid}/desk'/>`)
    assert.deepEqual(presences(await bob.settle()), [`available ${alicesJid}/desk`])
    bob.send(`<presence type='probe' to='${alicesJid}'/>`)
    assert.deepEqual(presences(await bob.settle()), [`unsubscribed ${alicesJid}`])
  })

  it('is not ended for one who has gone himself (§4.6.1)', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.online('bob')
    await using alice = await system.online('alice')
    alice.send(`<presence to='${bob.jid}'/>`)
    await alice.settle()
    bob.send(`<presence to='${alice.jid}'/><presence type='unavailable' to='${alice.jid}'/>`)
    await bob.settle()
    alice.send(`<presence type='unavailable'/>`)
    await alice.settle()
    assert.deepEqual(await bob.settle(), [])
  })

  it('goes to a bounded number of addresses', async (t) => {
    const system = await startXmppSystem(t, { config: { maxDirectedPresence: 1 } })
    await using alice = await system.online('alice')
    alice.send(`<presence to='${bobsJid}'/><presence to='${bobsJid}'/>`)
    assert.deepEqual(await alice.settle(), [])
    alice.send(`<presence to='carol@corp.example'/>`)
    const [refused] = await alice.settle()
    assert.equal(refused && condition(refused), 'wait resource-constraint')
  })

  it('cannot go where the server cannot', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    alice.send(`<presence to='room@elsewhere.example/me'/>`)
    const [refused] = await alice.settle()
    assert.equal(refused && condition(refused), 'cancel remote-server-not-found')
  })
})

describe('an account that is removed', () => {
  it('leaves rosters and screens, and its clients are sent away', async (t) => {
    const system = await startFriends(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    await system.directory.removeUser(jidOf('bob'))
    const error = await bob.expectStreamError()
    assert.ok(error.child('not-authorized', 'urn:ietf:params:xml:ns:xmpp-streams'))
    await bob.closed()
    const news = await alice.settle()
    assert.deepEqual(presences(news), [`unavailable ${bobsJid}/desk`])
    assert.equal(
      news.at(-1)?.child('query', 'jabber:iq:roster')?.child('item')?.attr('subscription'),
      'remove',
    )
  })

  it('or disabled, or given another password, ends its streams', async (t) => {
    const system = await startXmppSystem(t)
    const conditions = 'urn:ietf:params:xml:ns:xmpp-streams'
    await using alice = await system.connect('alice')
    await using bob = await system.connect('bob')
    await system.directory.updateUser(jidOf('alice'), { disabled: true })
    assert.ok((await alice.expectStreamError()).child('not-authorized', conditions))
    await system.directory.setPassword(jidOf('bob'), 'another pencil')
    assert.ok((await bob.expectStreamError()).child('reset', conditions))
  })
})

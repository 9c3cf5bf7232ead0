/** Managing presence subscriptions: RFC 6121 §3. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { XmppClient } from '../support/xmpp-client.ts'
import { condition, items, presences, startXmppSystem, told } from '../support/xmpp-system.ts'

const alicesJid = 'alice@corp.example'
const bobsJid = 'bob@corp.example'
/** What Bob says of Alice. */
const pair = {
  presentity: bobsJid,
  watcher: alicesJid,
  level: 'All',
  enforced: false,
  refusesMessages: false,
} as const

/** Sends a subscription stanza and reads what its sender gets for it. */
async function send(client: XmppClient, type: string, to: string, inside = '') {
  client.send(`<presence type='${type}' to='${to}'>${inside}</presence>`)
  return await client.settle()
}

describe('a subscription', () => {
  it('is asked for and granted, and then presence flows (§3.1)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using phone = await system.online('alice', 'phone')
    await using bob = await system.online('bob')
    await alice.settle()

    // §3.1.2: from the bare JID, and pending on the roster of the one who asks
    const asked = await send(alice, 'subscribe', bobsJid, '<status>Hello</status>')
    assert.deepEqual(items(asked), [`${bobsJid} none ask=subscribe`])
    assert.deepEqual(items(await phone.settle()), [`${bobsJid} none ask=subscribe`])
    // §3.1.3: to the contact’s clients, and not on his roster
    const request = await bob.settle()
    assert.deepEqual(presences(request), [`subscribe ${alicesJid} Hello`])
    assert.equal(request[0]?.attr('to'), bobsJid)
    assert.deepEqual(items(request), [])

    // §3.1.5
    const granted = await send(bob, 'subscribed', alicesJid)
    assert.deepEqual(items(granted), [`${alicesJid} from`])
    // §3.1.6: the approval, then the roster push, then presence
    const news = await alice.settle()
    assert.deepEqual(
      news.map((stanza) => (stanza.name === 'presence' ? told(stanza) : items([stanza])[0])),
      [`subscribed ${bobsJid}`, `${bobsJid} to`, `available ${bobsJid}/desk`],
    )
    assert.equal(news[0]?.attr('to'), alicesJid)

    bob.send('<presence><show>away</show></presence>')
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/desk away`])
    assert.deepEqual(presences(await phone.settle()).at(-1), `available ${bobsJid}/desk away`)
  })

  it('is mutual once both have asked', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await send(alice, 'subscribe', bobsJid)
    await send(bob, 'subscribed', alicesJid)
    await send(bob, 'subscribe', alicesJid)
    await send(alice, 'subscribed', bobsJid)
    assert.equal((await system.item('alice', 'bob'))?.subscription, 'both')
    assert.equal((await system.item('bob', 'alice'))?.subscription, 'both')
    assert.deepEqual(items(await bob.settle()).at(-1), `${alicesJid} both`)
  })

  it('waits for a contact who is away, and is shown at each sign-in until he answers', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await send(alice, 'subscribe', bobsJid, '<status>It is me</status><x xmlns="urn:x"/>')
    await send(alice, 'subscribe', bobsJid, '<status>Again</status>')
    for (const resource of ['first', 'second']) {
      await using bob = await system.connect('bob', resource)
      bob.send('<presence/>')
      const shown = await bob.settle()
      const requests = shown.filter((stanza) => stanza.attr('type') === 'subscribe')
      assert.deepEqual(presences(requests), [`subscribe ${alicesJid} It is me`])
      assert.ok(requests[0]?.child('x', 'urn:x'), 'the complete stanza is kept')
    }
    await using bob = await system.online('bob', 'third')
    await send(bob, 'unsubscribed', alicesJid)
    assert.deepEqual(presences(await alice.settle()), [`unsubscribed ${bobsJid}`])
    bob.send(`<presence type='unavailable'/><presence/>`)
    assert.deepEqual(presences(await bob.settle()), [
      `unavailable ${bobsJid}/third`,
      `available ${bobsJid}/third`,
    ])
    assert.equal(await system.item('bob', 'alice'), undefined)
  })

  it('to another address of a user asks the account, under whose name it is on the roster', async (t) => {
    const system = await startXmppSystem(t)
    const { directory } = system
    await directory.addAddress(system.jid('bob'), { type: 'e164', value: '+13035554425' })
    await directory.addAddress(system.jid('bob'), { type: 'xmpp', value: 'bobby@corp.example' })
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    // As clients do: on the roster first, with what the user calls him.
    await alice.iq(
      'set',
      `<query xmlns='jabber:iq:roster'><item jid='bobby@corp.example' name='Bobby'><group>Friends</group></item></query>`,
    )
    await alice.settle()
    assert.deepEqual(items(await send(alice, 'subscribe', 'bobby@corp.example')), [
      `${bobsJid} none ask=subscribe name=Bobby group=Friends`,
      'bobby@corp.example remove',
    ])
    assert.deepEqual(presences(await bob.settle()), [`subscribe ${alicesJid}`])
    await send(bob, 'subscribed', alicesJid)
    assert.deepEqual(presences(await alice.settle()), [
      `subscribed ${bobsJid}`,
      `available ${bobsJid}/desk`,
    ])

    await using carol = await system.online('carol')
    await carol.settle()
    assert.deepEqual(items(await send(carol, 'subscribe', '+13035554425@corp.example')), [
      `${bobsJid} none ask=subscribe`,
    ])
    assert.deepEqual(presences(await bob.settle()), ['subscribe carol@corp.example'])
    // One's own number is oneself.
    const [refused] = await send(bob, 'subscribe', '+13035554425@corp.example')
    assert.equal(refused && condition(refused), 'cancel not-allowed')
    const [nobody] = await send(bob, 'subscribe', '+13035554499@corp.example')
    assert.equal(nobody && condition(nobody), 'cancel item-not-found')
  })

  it('that exists already is granted again without asking (§3.1.3 rule 2)', async (t) => {
    const system = await startXmppSystem(t)
    await system.put('bob', { contact: system.jid('alice'), subscription: 'from' })
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    const answer = await send(alice, 'subscribe', bobsJid)
    assert.deepEqual(presences(answer), [`subscribed ${bobsJid}`, `available ${bobsJid}/desk`])
    assert.deepEqual(items(answer), [`${bobsJid} none ask=subscribe`, `${bobsJid} to`])
    assert.deepEqual(await bob.settle(), [])
  })

  it('cannot be asked of somebody who does not exist, and leaves no trace (§3.1.2)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    const [nobody] = await send(alice, 'subscribe', 'nobody@corp.example')
    assert.equal(nobody && condition(nobody), 'cancel item-not-found')
    const [remote] = await send(alice, 'subscribe', 'x@elsewhere.example')
    assert.equal(remote && condition(remote), 'cancel remote-server-not-found')
    const [self] = await send(alice, 'subscribe', alicesJid)
    assert.equal(self && condition(self), 'cancel not-allowed')
    assert.equal((await system.directory.contacts.get(system.jid('alice'))).items.size, 0)
  })

  it('is cancelled by the one who granted it: gone first, then unsubscribed (§3.2)', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    assert.deepEqual(items(await send(bob, 'unsubscribed', alicesJid)), [`${alicesJid} to`])
    const news = await alice.settle()
    assert.deepEqual(presences(news), [`unavailable ${bobsJid}/desk`, `unsubscribed ${bobsJid}`])
    assert.deepEqual(items(news), [`${bobsJid} from`])
    bob.send('<presence><show>dnd</show></presence>')
    await bob.settle()
    assert.deepEqual(await alice.settle(), [])
  })

  it('is ended by the one who had it (§3.3)', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    await bob.settle()
    const mine = await send(alice, 'unsubscribe', bobsJid)
    assert.deepEqual(items(mine), [`${bobsJid} from`])
    assert.deepEqual(presences(mine), [`unavailable ${bobsJid}/desk`])
    const his = await bob.settle()
    assert.deepEqual(presences(his), [`unsubscribe ${alicesJid}`])
    assert.deepEqual(items(his), [`${alicesJid} to`])
  })

  it('is withdrawn before anybody answered', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await send(alice, 'subscribe', bobsJid)
    await send(alice, 'unsubscribe', bobsJid)
    assert.deepEqual(presences(await bob.settle()), [
      `subscribe ${alicesJid}`,
      `unsubscribe ${alicesJid}`,
    ])
    assert.equal(await system.item('bob', 'alice'), undefined)
  })

  it('ends both ways when the contact is taken off the roster (§2.5.2)', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await alice.settle()
    await bob.settle()
    await alice.iq(
      'set',
      `<query xmlns='jabber:iq:roster'><item jid='${bobsJid}' subscription='remove'/></query>`,
    )
    const mine = await alice.settle()
    assert.deepEqual(items(mine), [`${bobsJid} remove`])
    assert.deepEqual(presences(mine), [`unavailable ${bobsJid}/desk`])
    const his = await bob.settle()
    assert.deepEqual(presences(his), [
      `unsubscribe ${alicesJid}`,
      `unavailable ${alicesJid}/desk`,
      `unsubscribed ${alicesJid}`,
    ])
    assert.deepEqual(items(his), [`${alicesJid} to`, `${alicesJid} none`])
  })
})

describe('a pre-approval (§3.4)', () => {
  it('is offered, noted on the roster, and not told to the contact', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    const features = await system.features('bob')
    assert.ok(features.child('sub', 'urn:xmpp:features:pre-approval'))
    assert.deepEqual(items(await send(bob, 'subscribed', alicesJid)), [
      `${alicesJid} none approved=true`,
    ])
    assert.deepEqual(await alice.settle(), [])
  })

  it('answers the request when it comes, without asking', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await send(bob, 'subscribed', alicesJid)
    const answer = await send(alice, 'subscribe', bobsJid)
    assert.deepEqual(presences(answer), [`subscribed ${bobsJid}`, `available ${bobsJid}/desk`])
    const his = await bob.settle()
    assert.deepEqual(presences(his), [])
    assert.deepEqual(items(his), [`${alicesJid} from approved=true`])
  })

  it('is taken back by unsubscribed', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await send(bob, 'subscribed', alicesJid)
    assert.deepEqual(items(await send(bob, 'unsubscribed', alicesJid)), [`${alicesJid} none`])
    await send(alice, 'subscribe', bobsJid)
    assert.deepEqual(presences(await bob.settle()), [`subscribe ${alicesJid}`])
  })
})

describe('a request that the rules allow (§3.1.3 rule 1)', () => {
  it('is answered at once, whatever client the contact has', async (t) => {
    const system = await startXmppSystem(t, { sameSystem: 'allow' })
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    const answer = await send(alice, 'subscribe', bobsJid)
    assert.deepEqual(presences(answer), [`subscribed ${bobsJid}`, `available ${bobsJid}/desk`])
    assert.deepEqual(items(answer), [`${bobsJid} none ask=subscribe`, `${bobsJid} to`])
    const his = await bob.settle()
    assert.deepEqual(presences(his), [], 'he is not asked')
    assert.deepEqual(items(his), [`${alicesJid} from`])
  })

  it('is answered for somebody who has only a phone, or nothing yet', async (t) => {
    const system = await startXmppSystem(t, { sameSystem: 'allow' })
    await using alice = await system.online('alice')
    system.report('bob', 'on-a-call')
    assert.deepEqual(presences(await send(alice, 'subscribe', bobsJid)), [
      `subscribed ${bobsJid}`,
      `available ${bobsJid}/heliograph dnd On a call`,
    ])
    assert.deepEqual(presences(await send(alice, 'subscribe', 'carol@corp.example')), [
      'subscribed carol@corp.example',
    ])
  })

  it('is answered when a rule comes to allow it', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await send(alice, 'subscribe', bobsJid)
    await system.access.put({ ...pair, action: 'allow' })
    await alice.expectPresence('subscribed', bobsJid)
    await alice.expectPresence('available', bobsJid)
    assert.deepEqual(presences(await bob.settle()), [`subscribe ${alicesJid}`])
    bob.send(`<presence type='unavailable'/><presence/>`)
    assert.deepEqual(presences(await bob.settle()).length, 2, 'it waits no longer')
  })
})

describe('a request that the rules do not allow', () => {
  it('of somebody blocked waits unseen, until the rule goes', async (t) => {
    const system = await startXmppSystem(t)
    await system.access.put({ ...pair, action: 'block' })
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    assert.deepEqual(presences(await send(alice, 'subscribe', bobsJid)), [])
    assert.equal((await system.item('bob', 'alice'))?.pendingIn, true)
    assert.equal((await system.item('alice', 'bob'))?.pendingOut, true)
    assert.deepEqual(presences(await bob.settle()), [])
    await using tablet = await system.online('bob', 'tablet')
    assert.deepEqual(presences(await tablet.settle()), [])
    const everybody = { ...pair, presentity: '*', watcher: '*', enforced: true }
    await system.access.put({ ...everybody, action: 'confirm' })
    for (const client of [bob, tablet]) await client.expectPresence('subscribe', alicesJid)
    await system.access.removeAll({})
    await bob.settle()
    assert.deepEqual(presences(await bob.settle()), [], 'he was asked already')
  })

  it('of a watcher who asked by other means is shown, and answered by a stanza', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.online('bob')
    const watcher = requireJid('eve@elsewhere.example').bare
    await system.subscriptions.ask(system.jid('bob'), watcher)
    const [shown] = await bob.settle()
    assert.equal(shown && told(shown), `subscribe ${watcher}`)
    assert.equal(shown?.attr('to'), bobsJid)
    await using tablet = await system.connect('bob', 'tablet')
    tablet.send('<presence/>')
    assert.ok(presences(await tablet.settle()).includes(`subscribe ${watcher}`))
    await send(bob, 'subscribed', watcher)
    assert.equal((await system.item('bob', watcher))?.subscription, 'from')
  })
})

it('a request that a crash kept from arriving is sent again at the next sign-in', async (t) => {
  const system = await startXmppSystem(t)
  await system.put('alice', { contact: system.jid('bob'), pendingOut: true })
  await using bob = await system.online('bob')
  await using _alice = await system.online('alice')
  assert.deepEqual(presences(await bob.settle()), [`subscribe ${alicesJid}`])
})

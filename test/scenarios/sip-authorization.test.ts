/** Who may see what of whom, over SIP alone: RFC 3856 §6.6, RFC 3857, the manual's presence.wauth. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { Action, NewRule } from '../../src/core/presence/access/rule.ts'
import type { SipRequest, SipResponse } from '../../src/sip/message/message.ts'
import { serialize } from '../../src/sip/message/serializer.ts'
import { Phone, type SipSystem, startSipSystem } from '../support/sip-system.ts'

const ALICE = requireJid('alice@example.com').bare
const BOB = requireJid('bob@example.com').bare
const AOR_ALICE = `sip:${ALICE}`

const stateOf = (request: SipRequest) => request.headers.get('Subscription-State') ?? ''
const shows = (text: string) => (request: SipRequest) => request.body.toString().includes(text)
const isWinfo = (request: SipRequest) => request.headers.get('Event') === 'presence.winfo'
const is = (state: string, text: string) => (request: SipRequest) =>
  !isWinfo(request) && stateOf(request).startsWith(state) && shows(text)(request)

async function publish(phone: Phone, activity: string, sourceClass = 'phone'): Promise<void> {
  const body = `<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf"
    xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="${AOR_ALICE}">
    <tuple id="t1"><status><basic>open</basic></status><r:class>${sourceClass}</r:class></tuple>
    <dm:person id="p1"><r:activities><r:${activity}/></r:activities></dm:person></presence>`
  const headers: [string, string][] = [
    ['Event', 'presence'],
    ['Content-Type', 'application/pidf+xml'],
  ]
  assert.equal((await phone.send('PUBLISH', { headers, body })).status, 200)
}

function watchOwnWatchers(phone: Phone): Promise<SipResponse> {
  return phone.send('SUBSCRIBE', { headers: [['Event', 'presence.winfo']] })
}

function decide(phone: Phone, watcher: string, attributes: string): Promise<SipResponse> {
  return phone.send('PUBLISH', {
    headers: [
      ['Event', 'presence.wauth'],
      ['Content-Type', 'application/watcherinfo+xml'],
    ],
    body: `<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" xmlns:h="urn:heliograph:access"
      version="0" state="partial"><watcher-list resource="${AOR_ALICE}" package="presence">
      <watcher id="x" ${attributes}>${watcher}</watcher></watcher-list></watcherinfo>`,
  })
}

function rule(system: SipSystem, action: Action, changes: Partial<NewRule> = {}) {
  const pair = { presentity: ALICE, watcher: BOB, level: 'All', enforced: false }
  return system.access.put({ ...pair, refusesMessages: false, action, ...changes })
}

describe('a watcher who needs a confirmation', () => {
  test('waits, is offered by presence.winfo, and let in by presence.wauth', async (t) => {
    const system = await startSipSystem(t, {}, 'confirm')
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob', 'tcp')
    await publish(alice, 'on-the-phone')
    assert.equal((await watchOwnWatchers(alice)).status, 200)

    assert.equal((await bob.subscribe(AOR_ALICE)).status, 200)
    const first = await bob.got('NOTIFY')
    assert.match(stateOf(first), /^pending;expires=\d+$/)
    assert.match(first.body.toString(), /<basic>closed</)
    await alice.got('NOTIFY', (one) =>
      /status="pending" event="subscribe"[^>]*>sip:bob@example\.com</.test(one.body.toString()),
    )

    const { promise: began, resolve } = Promise.withResolvers<void>()
    using _ = system.subscriptions.addAudience({ began: () => resolve() })
    const decision = 'status="active" event="approved"'
    assert.equal((await decide(alice, 'sip:bob@example.com', decision)).status, 200)
    await bob.got('NOTIFY', is('active', 'on-the-phone'))
    await alice.got('NOTIFY', (one) => isWinfo(one) && shows('event="approved"')(one))
    assert.deepEqual(await system.subscriptions.waiting(ALICE), [])
    await began
    // "XMPP Roster is updated from pending to FROM": bob's XMPP clients see alice, too.
    const { items } = await system.directory.contacts.get(ALICE)
    assert.equal(items.get(BOB)?.subscription, 'from')
    // "Composite presence": what happens next reaches him.
    await publish(alice, 'away', 'enterprise-im')
    await bob.got('NOTIFY', is('active', 'enterprise-im'))
  })

  test('whom the presentity refuses is told so', async (t) => {
    const system = await startSipSystem(t, {}, 'confirm')
    const bob = await Phone.open(t, system, 'bob')
    await bob.subscribe(AOR_ALICE)
    await bob.got('NOTIFY', is('pending', 'closed'))
    await system.subscriptions.say(ALICE, 'unsubscribed', BOB)
    const last = await bob.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
    assert.equal(stateOf(last), 'terminated;reason=rejected')
    assert.deepEqual(await system.subscriptions.waiting(ALICE), [])
  })

  test('is not forgotten by a restart, nor is his answer', async (t) => {
    const before = await startSipSystem(t, {}, 'confirm')
    const bob = await Phone.open(t, before, 'bob')
    await bob.subscribe(AOR_ALICE)
    await bob.got('NOTIFY', is('pending', 'closed'))

    const after = await before.restart()
    const alice = await Phone.open(t, after, 'alice')
    await publish(alice, 'on-the-phone')
    await watchOwnWatchers(alice)
    await alice.got('NOTIFY', (one) => isWinfo(one) && shows('>sip:bob@example.com<')(one))
    await decide(alice, 'sip:bob@example.com', 'status="active"')
    await bob.got('NOTIFY', is('active', 'on-the-phone'))

    const later = await after.restart()
    bob.turnTo(later)
    const seen = bob.received.length
    assert.equal((await bob.subscribe(AOR_ALICE)).status, 200)
    await bob.got(
      'NOTIFY',
      (one) => bob.received.indexOf(one) >= seen && is('active', 'on-the-phone')(one),
    )
  })

  test('whose subscription is over waits still', async (t) => {
    const system = await startSipSystem(t, {}, 'confirm')
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await bob.subscribe(AOR_ALICE, ['Expires', '0'])
    await bob.got('NOTIFY', is('terminated', 'closed'))
    await watchOwnWatchers(alice)
    await alice.got('NOTIFY', (one) =>
      /status="waiting" event="timeout"[^>]*>sip:bob@/.test(one.body.toString()),
    )
  })
})

describe('a watcher who is blocked', () => {
  test('cannot tell it from a presentity who is not there', async (t) => {
    const transcript = async (prepare: (system: SipSystem) => Promise<unknown>) => {
      const system = await startSipSystem(t)
      const bob = await Phone.open(t, system, 'bob')
      await prepare(system)
      const answer = await bob.subscribe(AOR_ALICE, ['Expires', '600'])
      const notify = await bob.got('NOTIFY')
      const fetched = await bob.subscribe(AOR_ALICE, ['Expires', '0'])
      const last = await bob.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
      return [answer, notify, fetched, last].map((message) => anonymous(serialize(message)))
    }
    const gone = await transcript(async () => undefined)
    const blocked = await transcript(async (system) => {
      const alice = await Phone.open(t, system, 'alice')
      await publish(alice, 'on-the-phone')
      await rule(system, 'block')
    })
    assert.deepEqual(blocked, gone)
    assert.match(gone[1] ?? '', /Subscription-State: active;expires=\d+/)
  })

  test('while he watches sees the presentity leave, and nothing after that', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    const carol = await Phone.open(t, system, 'carol')
    await publish(alice, 'on-the-phone')
    for (const watcher of [bob, carol]) {
      await watcher.subscribe(AOR_ALICE)
      await watcher.got('NOTIFY', is('active', 'on-the-phone'))
    }
    assert.equal((await decide(alice, 'sip:bob@example.com', 'status="terminated"')).status, 200)
    await bob.got('NOTIFY', is('active', '<basic>closed'))
    const seen = bob.received.length
    await publish(alice, 'meeting', 'calendar')
    await carol.got('NOTIFY', is('active', 'calendar'))
    assert.equal(bob.received.length, seen)
  })
})

test('a watcher sees the classes of his level, and others as soon as it changes', async (t) => {
  const system = await startSipSystem(t)
  const alice = await Phone.open(t, system, 'alice')
  const bob = await Phone.open(t, system, 'bob')
  await publish(alice, 'on-the-phone')
  await publish(alice, 'meeting', 'calendar')
  await bob.subscribe(AOR_ALICE)
  await bob.got('NOTIFY', (one) => shows('calendar')(one) && shows('>phone<')(one))

  const telephony = 'status="active" h:level="Telephony"'
  assert.equal((await decide(alice, 'sip:bob@example.com', telephony)).status, 200)
  const narrow = await bob.got(
    'NOTIFY',
    (one) => is('active', '>phone<')(one) && !shows('calendar')(one),
  )
  assert.doesNotMatch(narrow.body.toString(), /meeting/)

  await system.access.putLevel({ name: 'Telephony', classes: ['calendar'], inverted: false })
  const other = await bob.got('NOTIFY', (one) => shows('calendar')(one) && !shows('>phone<')(one))
  assert.match(other.body.toString(), /<rpid:meeting\/>/)
  assert.doesNotMatch(other.body.toString(), /on-the-phone/)
})

test('a new password ends what was registered and subscribed with the old one', async (t) => {
  const system = await startSipSystem(t)
  const bob = await Phone.open(t, system, 'bob')
  await bob.register()
  await bob.subscribe(AOR_ALICE)
  await bob.got('NOTIFY')
  assert.equal(system.sessions.of(BOB).length, 1)
  await system.directory.setPassword(BOB, 'crayon')
  const last = await bob.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
  assert.equal(stateOf(last), 'terminated;reason=deactivated')
  assert.equal(system.sessions.of(BOB).length, 0)
  assert.equal((await bob.subscribe(AOR_ALICE)).status, 401)
})

/** Without what differs between any two dialogs. */
function anonymous(message: Buffer): string {
  return message
    .toString()
    .replace(/^(Via|Call-ID|CSeq|Content-Length):.*\r\n/gim, '')
    .replace(/;tag=[\w.-]+/g, ';tag=')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1')
    .replace(/expires=\d+/, 'expires=600')
    .replace(/<((?:dm:)?timestamp)>[^<]*/g, '<$1>')
}

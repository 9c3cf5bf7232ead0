/** Two people on SIP phones see each other's presence (RFC 3856, RFC 3903), over real sockets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { SipRequest, SipResponse } from '../../src/sip/message/message.ts'
import { Phone, type PhoneRequest, startSipSystem } from '../support/sip-system.ts'

const ALICE = requireJid('alice@example.com').bare
const BOB = requireJid('bob@example.com').bare
const AOR_BOB = 'sip:bob@example.com'

function pidf(activity: string): string {
  return `<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf"
    xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="${AOR_BOB}">
    <tuple id="t1"><status><basic>open</basic></status></tuple>
    <dm:person id="p1"><r:activities><r:${activity}/></r:activities></dm:person></presence>`
}

function publication(activity: string | undefined, ...headers: [string, string][]): PhoneRequest {
  return {
    uri: AOR_BOB,
    headers: [
      ['Event', 'presence'],
      ...(activity ? [['Content-Type', 'application/pidf+xml'] as const] : []),
      ...headers,
    ],
    ...(activity && { body: pidf(activity) }),
  }
}

const shows = (text: string) => (request: SipRequest) => request.body.toString().includes(text)
const stateOf = (request: SipRequest) => request.headers.get('Subscription-State') ?? ''
const etagOf = (response: SipResponse): [string, string] => [
  'SIP-If-Match',
  response.headers.get('SIP-ETag') ?? '',
]

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  describe(`over ${transport}`, () => {
    test('what bob publishes reaches alice, until he takes it back', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)

      assert.equal((await alice.subscribe(AOR_BOB)).status, 200)
      const first = await alice.got('NOTIFY')
      assert.match(stateOf(first), /^active;expires=3[56]\d\d$/)
      assert.match(first.body.toString(), /<basic>closed<\/basic>/)

      const published = await bob.send('PUBLISH', publication('on-the-phone'))
      assert.equal(published.status, 200)
      await alice.got('NOTIFY', shows('on-the-phone'))

      const changed = await bob.send('PUBLISH', publication('meeting', etagOf(published)))
      assert.equal(changed.status, 200)
      await alice.got('NOTIFY', shows('<rpid:meeting/>'))

      const stale = await bob.send('PUBLISH', publication(undefined, etagOf(published)))
      assert.equal(stale.status, 412)

      const before = alice.received.length
      const removal = publication(undefined, etagOf(changed), ['Expires', '0'])
      assert.equal((await bob.send('PUBLISH', removal)).status, 200)
      await alice.got(
        'NOTIFY',
        (one) => alice.received.indexOf(one) >= before && shows('closed')(one),
      )
    })

    test('a phone that registers is there, and gone when it unregisters', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      await alice.subscribe(AOR_BOB)
      assert.equal((await bob.register()).status, 200)
      await alice.got('NOTIFY', shows('<basic>open</basic>'))
      assert.equal(system.presence.document(BOB).person.state, 'available')
      await bob.register(['Expires', '0'])
      assert.equal(system.presence.document(BOB).person.state, 'offline')
    })
  })
}

describe('a watcher', () => {
  test('without a password is challenged, with a wrong name refused', async (t) => {
    const system = await startSipSystem(t)
    const mallory = await Phone.open(t, system, 'mallory')
    assert.equal((await mallory.subscribe(AOR_BOB)).status, 401)
  })

  test('who un-SUBSCRIBEs gets a last NOTIFY', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const dialog = { callId: 'un-subscribe', fromTag: 'a1' }
    const headers: [string, string][] = [['Event', 'presence']]
    const begun = await alice.send('SUBSCRIBE', { uri: AOR_BOB, headers, ...dialog })
    await alice.got('NOTIFY')
    const ended = await alice.send('SUBSCRIBE', {
      uri: AOR_BOB,
      to: begun.headers.get('To') ?? '',
      headers: [...headers, ['Expires', '0']],
      ...dialog,
    })
    assert.equal(ended.status, 200)
    const last = await alice.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
    assert.equal(stateOf(last), 'terminated;reason=timeout')
  })

  test('whose phone has forgotten the dialog is left alone', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    alice.answers.set('NOTIFY', 481)
    await alice.subscribe(AOR_BOB)
    await alice.got('NOTIFY')
    await bob.send('PUBLISH', publication('busy'))
    await bob.subscribe('sip:alice@example.com')
    await bob.got('NOTIFY')
    assert.equal(alice.received.length, 1)
  })

  test('of a user who is removed is told that there is nobody any more', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    await alice.subscribe(AOR_BOB)
    await system.directory.removeUser(BOB)
    const last = await alice.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
    assert.equal(stateOf(last), 'terminated;reason=noresource')
  })

  test('over TCP is told to subscribe again when the server stops', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice', 'tcp')
    await alice.subscribe(AOR_BOB)
    await alice.got('NOTIFY')
    await system.sip[Symbol.asyncDispose]()
    const last = await alice.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
    assert.equal(stateOf(last), 'terminated;reason=deactivated')
  })
})

describe('a restart', () => {
  test('keeps UDP subscriptions, publications and registrations', async (t) => {
    const before = await startSipSystem(t)
    const alice = await Phone.open(t, before, 'alice')
    const bob = await Phone.open(t, before, 'bob')
    await alice.subscribe(AOR_BOB)
    const published = await bob.send('PUBLISH', publication('on-the-phone'))
    await alice.register()
    await alice.got('NOTIFY', shows('on-the-phone'))
    const cseqs = () =>
      alice.received.map((one) => Number.parseInt(one.headers.get('CSeq') ?? '', 10))

    const after = await before.restart()
    assert.equal(after.presence.document(BOB).person.state, 'on-a-call')
    assert.equal(after.sessions.of(ALICE).length, 1)
    bob.turnTo(after)
    const changed = await bob.send('PUBLISH', publication('meeting', etagOf(published)))
    assert.equal(changed.status, 200)
    await alice.got('NOTIFY', shows('meeting'))
    assert.deepEqual(
      cseqs(),
      cseqs().toSorted((a, b) => a - b),
    )
    assert.ok((cseqs().at(-1) ?? 0) > 1000)
  })

  test('ends TCP subscriptions: a refresh gets 481', async (t) => {
    const before = await startSipSystem(t)
    const alice = await Phone.open(t, before, 'alice', 'tcp')
    const dialog = { callId: 'refresh', fromTag: 'a1' }
    const headers: [string, string][] = [['Event', 'presence']]
    const begun = await alice.send('SUBSCRIBE', { uri: AOR_BOB, headers, ...dialog })
    const after = await before.restart()
    alice.turnTo(after)
    const to = begun.headers.get('To') ?? ''
    const refreshed = await alice.send('SUBSCRIBE', { uri: AOR_BOB, to, headers, ...dialog })
    assert.equal(refreshed.status, 481)
  })
})

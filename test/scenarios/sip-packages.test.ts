/**
 * Calls (RFC 4235), registrations (RFC 3680) and message waiting (RFC 3842) of phones, published and
 * watched over real sockets.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { SipRequest, SipResponse } from '../../src/sip/message/message.ts'
import { DOMAIN, Phone, type PhoneRequest, startSipSystem } from '../support/sip-system.ts'

const BOB = requireJid('bob@example.com').bare
const AOR_BOB = `sip:bob@${DOMAIN}`

const shows = (text: string | RegExp) => (request: SipRequest) =>
  typeof text === 'string'
    ? request.body.toString().includes(text)
    : text.test(request.body.toString())
const etagOf = (response: SipResponse): [string, string] => [
  'SIP-If-Match',
  response.headers.get('SIP-ETag') ?? '',
]

function dialogInfo(dialogs: string, { state = 'full', version = 0 } = {}): string {
  return `<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${version}" state="${state}" entity="${AOR_BOB}">${dialogs}</dialog-info>`
}

function call(id: string, state: string): string {
  return `<dialog id="${id}" call-id="c-${id}" local-tag="l" remote-tag="r"><state>${state}</state><remote><identity>sip:dave@example.org</identity></remote></dialog>`
}

function publication(
  event: string,
  contentType: string,
  body: string,
  ...headers: [string, string][]
): PhoneRequest {
  return {
    uri: AOR_BOB,
    headers: [['Event', event], ['Content-Type', contentType], ...headers],
    body,
  }
}

const calls = (body: string, ...headers: [string, string][]) =>
  publication('dialog', 'application/dialog-info+xml', body, ...headers)

function watch(phone: Phone, event: string, ...headers: [string, string][]) {
  return phone.send('SUBSCRIBE', { uri: AOR_BOB, headers: [['Event', event], ...headers] })
}

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  describe(`over ${transport}`, () => {
    test('the call that bob’s phone publishes reaches alice as a busy lamp, and bob with all of it (RFC 4235)', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      const desk = await Phone.open(t, system, 'bob', transport)
      assert.equal((await watch(alice, 'dialog')).status, 200)
      assert.equal((await watch(desk, 'dialog')).status, 200)
      const first = await alice.got('NOTIFY')
      assert.equal(first.headers.get('Content-Type'), 'application/dialog-info+xml')
      assert.match(first.body.toString(), /version="0" state="full" entity="sip:bob@example\.com"/)
      await desk.got('NOTIFY')

      const ringing = await bob.send('PUBLISH', calls(dialogInfo(call('1', 'early'))))
      assert.equal(ringing.status, 200)
      await desk.got('NOTIFY', shows(/version="1" state="partial".*>early<.*sip:dave@example\.org/))
      const lamp = await alice.got('NOTIFY', shows('>confirmed<'))
      assert.doesNotMatch(lamp.body.toString(), /dave|c-1/)
      assert.notEqual(system.presence.document(BOB).person.state, 'on-a-call')

      const talking = dialogInfo(call('1', 'confirmed'), { state: 'partial', version: 1 })
      const answered = await bob.send('PUBLISH', calls(talking, etagOf(ringing)))
      assert.equal(answered.status, 200)
      await desk.got('NOTIFY', shows(/version="2" state="partial".*>confirmed</))
      assert.equal(system.presence.document(BOB).person.state, 'on-a-call')

      const over = dialogInfo(
        '<dialog id="1"><state event="local-bye">terminated</state></dialog>',
        {
          state: 'partial',
          version: 2,
        },
      )
      assert.equal((await bob.send('PUBLISH', calls(over, etagOf(answered)))).status, 200)
      await desk.got('NOTIFY', shows('<state event="local-bye">terminated</state>'))
      await alice.got('NOTIFY', shows('>terminated<'))
      assert.equal(system.presence.document(BOB).person.state, 'offline')
    })

    test('bob learns where he has registered, and that he has no more (RFC 3680)', async (t) => {
      const system = await startSipSystem(t)
      const bob = await Phone.open(t, system, 'bob', transport)
      const other = await Phone.open(t, system, 'bob', transport)
      const begun = await watch(bob, 'reg')
      assert.deepEqual([begun.status, begun.headers.get('Expires')], [200, '3761'])
      await bob.got('NOTIFY', shows('state="init"'))
      await other.register()
      const came = await bob.got('NOTIFY', shows('event="registered"'))
      assert.match(came.body.toString(), /<uri>sip:bob@127\.0\.0\.1:\d+;transport=/)
      await other.register(['Expires', '0'])
      await bob.got('NOTIFY', shows(/state="terminated"><contact .*event="unregistered"/))
    })

    test('bob’s phone shows what a voicemail system publishes (RFC 3842)', async (t) => {
      const system = await startSipSystem(t, { trustedPeers: ['127.0.0.1'] })
      const bob = await Phone.open(t, system, 'bob', transport)
      const voicemail = await Phone.open(t, system, 'vmail', transport)
      assert.equal((await watch(bob, 'message-summary')).status, 200)
      await bob.got('NOTIFY', shows('Messages-Waiting: no'))
      const summary = 'Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n'
      const type = 'application/simple-message-summary'
      const published = await voicemail.send(
        'PUBLISH',
        publication('message-summary', type, summary),
      )
      assert.equal(published.status, 200)
      await bob.got('NOTIFY', shows('Voice-Message: 2/8 (0/2)'))
    })
  })
}

describe('a dialog watcher (RFC 4235)', () => {
  test('who may not see bob’s phone sees no call', async (t) => {
    const system = await startSipSystem(t, { dialogDetails: 'all' }, 'block')
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await bob.send('PUBLISH', calls(dialogInfo(call('1', 'confirmed'))))
    assert.equal((await watch(alice, 'dialog')).status, 200)
    assert.doesNotMatch((await alice.got('NOTIFY')).body.toString(), /<dialog /)
    await system.access.put({
      ...{ presentity: BOB, watcher: requireJid('alice@example.com').bare, level: 'All' },
      ...{ action: 'allow', enforced: false, refusesMessages: false },
    })
    await alice.got('NOTIFY', shows('sip:dave@example.org'))
  })

  test('has the calls of before a restart, and bob is on the phone still', async (t) => {
    const system = await startSipSystem(t, { dialogDetails: 'all' })
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await watch(alice, 'dialog')
    const full = await bob.send('PUBLISH', calls(dialogInfo(call('1', 'confirmed'))))
    const more = dialogInfo(call('2', 'early'), { state: 'partial', version: 1 })
    await bob.send('PUBLISH', calls(more, etagOf(full)))
    await alice.got('NOTIFY', shows('c-2'))
    const again = await system.restart()
    assert.equal(again.presence.document(BOB).person.state, 'on-a-call')
    await alice.got('NOTIFY', shows(/state="full".*c-1.*c-2/))
  })
})

test('an instant message that waits shows at bob’s phone, until he has read it (RFC 3842)', async (t) => {
  const system = await startSipSystem(t)
  const alice = await Phone.open(t, system, 'alice')
  const bob = await Phone.open(t, system, 'bob')
  await watch(bob, 'message-summary')
  await bob.got('NOTIFY', shows('Text-Message: 0/0'))
  assert.equal((await alice.message(AOR_BOB, 'Are you there?')).status, 202)
  await bob.got('NOTIFY', shows('Messages-Waiting: yes\r\nText-Message: 1/0'))
  const before = bob.received.length
  await bob.register()
  await bob.got('MESSAGE')
  await bob.got('NOTIFY', (one) => bob.received.indexOf(one) >= before && shows('0/0')(one))
})

test('a registration stays presence while only calls are published, and gives way to presence (RFC 4235, RFC 3856)', async (t) => {
  const system = await startSipSystem(t)
  const bob = await Phone.open(t, system, 'bob')
  await bob.register()
  await bob.send('PUBLISH', calls(dialogInfo('')))
  assert.equal(system.presence.document(BOB).person.state, 'available')
  const closed =
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:bob@example.com"><tuple id="a"><status><basic>closed</basic></status></tuple></presence>'
  await bob.send('PUBLISH', publication('presence', 'application/pidf+xml', closed))
  assert.equal(system.presence.document(BOB).person.state, 'offline')
})

test('what is not somebody’s own is refused: registrations and messages of others (RFC 3680 §4.6, RFC 3842 §6)', async (t) => {
  const system = await startSipSystem(t)
  const alice = await Phone.open(t, system, 'alice')
  assert.equal((await watch(alice, 'reg')).status, 403)
  assert.equal((await watch(alice, 'message-summary')).status, 403)
  assert.equal((await alice.send('PUBLISH', calls(dialogInfo('')))).status, 403)
})

test('a call server publishes for its lines by any of their addresses (RFC 3903, RFC 3325)', async (t) => {
  const system = await startSipSystem(t, { trustedPeers: ['127.0.0.1'] })
  await system.directory.addAddress(BOB, { type: 'e164', value: '+390112000002' })
  const server = await Phone.open(t, system, 'cs1000', 'tcp')
  const on = (uri: string, activity: string): PhoneRequest => ({
    uri,
    headers: [
      ['Event', 'presence'],
      ['Content-Type', 'application/pidf+xml'],
      ['P-Asserted-Identity', `<${uri}>`],
    ],
    body: `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model" xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="${uri}"><tuple id="line"><status><basic>open</basic></status></tuple><d:person id="p"><r:activities><r:${activity}/></r:activities></d:person></presence>`,
  })
  for (const uri of [
    `sip:+390112000002@${DOMAIN};user=phone`,
    `sip:+390112000002@${DOMAIN}`,
    'tel:+390112000002',
    AOR_BOB,
  ]) {
    const published = await server.send('PUBLISH', on(uri, 'on-the-phone'))
    assert.equal(published.status, 200, uri)
    assert.equal(system.presence.document(BOB).person.state, 'on-a-call')
    const removal = { ...on(uri, 'away'), body: '' }
    const headers = [['Event', 'presence'] as const, etagOf(published), ['Expires', '0'] as const]
    assert.equal((await server.send('PUBLISH', { ...removal, headers })).status, 200)
    assert.equal(system.presence.document(BOB).person.state, 'offline')
  }
  assert.equal((await server.send('PUBLISH', on(`sip:7999@${DOMAIN}`, 'away'))).status, 404)
})

test('a phone that cannot subscribe is told that messages wait, where the operator wants it (RFC 3842)', async (t) => {
  const system = await startSipSystem(t, {
    unsolicitedSummaries: true,
    trustedPeers: ['127.0.0.1'],
  })
  const bob = await Phone.open(t, system, 'bob')
  const voicemail = await Phone.open(t, system, 'vmail')
  await bob.register()
  const summary = 'Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n'
  const type = 'application/simple-message-summary'
  await voicemail.send('PUBLISH', publication('message-summary', type, summary))
  const notify = await bob.got('NOTIFY', shows('Voice-Message: 1/0'))
  assert.equal(notify.headers.get('Subscription-State'), 'terminated')
  assert.equal(notify.headers.get('Event'), 'message-summary')
})

test('bob learns who watches his calls (RFC 3857)', async (t) => {
  const system = await startSipSystem(t)
  const alice = await Phone.open(t, system, 'alice')
  const bob = await Phone.open(t, system, 'bob')
  assert.equal((await watch(bob, 'dialog.winfo')).status, 200)
  await bob.got('NOTIFY', shows('package="dialog"'))
  await watch(alice, 'dialog')
  await bob.got('NOTIFY', shows(/status="active"[^>]*>sip:alice@example\.com</))
  assert.equal((await watch(alice, 'dialog.winfo')).status, 403)
})

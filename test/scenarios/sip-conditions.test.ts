/** Phones that say what they have (RFC 5839) and how often they want to be told (RFC 6446), over real sockets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SipRequest, SipResponse } from '../../src/sip/message/message.ts'
import { Phone, type PhoneRequest, startSipSystem } from '../support/sip-system.ts'

const BOB = 'sip:bob@example.com'

function publication(note: string): PhoneRequest {
  return {
    uri: BOB,
    headers: [
      ['Event', 'presence'],
      ['Content-Type', 'application/pidf+xml'],
    ],
    body: `<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${BOB}">
      <tuple id="t1"><status><basic>open</basic></status><note>${note}</note></tuple></presence>`,
  }
}

/** A request in the dialog that a SUBSCRIBE began. */
function inDialog(begun: SipResponse, ...headers: [string, string][]): PhoneRequest {
  const tag = /tag=([^;>]+)/.exec(begun.headers.get('From') ?? '')?.[1] ?? ''
  const to = begun.headers.get('To') ?? ''
  const callId = begun.headers.get('Call-ID') ?? ''
  return { uri: BOB, to, callId, fromTag: tag, headers: [['Event', 'presence'], ...headers] }
}

const shows = (note: string) => (request: SipRequest) => request.body.toString().includes(note)
const isBare = (request: SipRequest) => request.body.length === 0
const stateOf = (request: SipRequest) => request.headers.get('Subscription-State') ?? ''
const tagOf = (request: SipRequest) => request.headers.get('SIP-ETag') ?? ''

for (const transport of ['udp', 'tcp'] as const) {
  describe(`over ${transport}`, () => {
    test('who says what he has gets 204, then news, and ends without a word (RFC 5839 §5.6, §5.7)', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      await bob.send('PUBLISH', publication('in the garden'))
      const begun = await alice.subscribe(BOB)
      assert.equal(begun.status, 200)
      const garden = await alice.got('NOTIFY', shows('in the garden'))
      const has: [string, string] = ['Suppress-If-Match', tagOf(garden)]
      assert.equal((await alice.send('SUBSCRIBE', inDialog(begun, has))).status, 204)
      await bob.send('PUBLISH', publication('in the kitchen'))
      const kitchen = await alice.got('NOTIFY', shows('in the kitchen'))
      assert.notEqual(tagOf(kitchen), tagOf(garden))
      const end: [string, string][] = [
        ['Suppress-If-Match', tagOf(kitchen)],
        ['Expires', '0'],
      ]
      const ended = await alice.send('SUBSCRIBE', inDialog(begun, ...end))
      assert.equal(ended.status, 204)
      assert.equal((await alice.send('SUBSCRIBE', inDialog(begun))).status, 481)
      assert.ok(alice.received.every((request) => !stateOf(request).startsWith('terminated')))
    })

    test('who comes back with what he has is told that it holds, and no more (RFC 5839 §5.5)', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      await bob.send('PUBLISH', publication('in the garden'))
      const fetched = await alice.subscribe(BOB, ['Expires', '0'])
      assert.equal(fetched.status, 200)
      const garden = await alice.got('NOTIFY')
      const resumed = await alice.subscribe(BOB, ['Suppress-If-Match', tagOf(garden)])
      assert.equal(resumed.status, 200)
      const bare = await alice.got('NOTIFY', isBare)
      assert.match(stateOf(bare), /^active/)
      assert.equal(tagOf(bare), tagOf(garden))
      assert.equal(bare.headers.get('Content-Type'), undefined)
    })

    test('who wants to hear at least so often is told again what he knows (RFC 6446 §6)', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const begun = await alice.send('SUBSCRIBE', {
        uri: BOB,
        headers: [['Event', 'presence;min-rate=1']],
      })
      assert.equal(begun.status, 200)
      const first = await alice.got('NOTIFY')
      assert.match(stateOf(first), /;min-rate=1$/)
      const again = await alice.got('NOTIFY', (request) => request !== first)
      assert.equal(again.body.toString(), first.body.toString())
      assert.equal(tagOf(again), tagOf(first))
    })
  })
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TrustedPeers } from '../../../src/sip/auth/trusted-peers.ts'
import { PeerRates } from '../../../src/sip/transaction/peer-rates.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Phone, startSipSystem } from '../../support/sip-system.ts'
import { fakeFlow } from '../events/support.ts'

function setUp(perSecond: number, perSecondTrusted = 0) {
  const clock = new FakeClock()
  const trustedPeers = new TrustedPeers(['192.0.2.99'])
  const rates = new PeerRates({ clock, trustedPeers, limits: { perSecond, perSecondTrusted } })
  const flow = fakeFlow()
  const ask = (host = '192.0.2.10') => rates.admits({ flow, source: { host, port: 5060 } })
  return { clock, ask, asks: (count: number) => Array.from({ length: count }, () => ask()) }
}

describe('what a peer may ask in a second', () => {
  test('is twice as much at once, and then as much as time allows', () => {
    const { clock, asks } = setUp(5)
    assert.equal(asks(12).filter(Boolean).length, 10)
    clock.advance(1_000)
    assert.equal(asks(12).filter(Boolean).length, 5)
    clock.advance(60_000)
    assert.equal(asks(12).filter(Boolean).length, 10)
  })

  test('is no matter of other peers', () => {
    const { ask, asks } = setUp(1)
    asks(5)
    assert.equal(ask(), false)
    assert.equal(ask('192.0.2.11'), true)
  })

  test('is another for trusted peers, and none where it is 0', () => {
    const { ask } = setUp(1, 0)
    for (let at = 0; at < 100; at += 1) assert.equal(ask('192.0.2.99'), true)
    const limited = setUp(100, 1)
    assert.deepEqual(
      [1, 2, 3].map(() => limited.ask('192.0.2.99')),
      [true, true, false],
    )
  })
})

test('a peer that asks too much gets 503 with Retry-After; what it has begun goes on', async (t) => {
  const none = { maxRequestsPerSecondTrusted: 0, maxSubscriptions: 0, maxSubscriptionsTrusted: 0 }
  const peers = { ...none, maxRequestsPerSecond: 1 }
  const system = await startSipSystem(t, { peers })
  const bob = await Phone.open(t, system, 'bob', 'udp')
  // A request and its repetition with the digest are all that it may send at once.
  const first = await bob.subscribe('sip:alice@example.com')
  assert.equal(first.status, 200)
  const second = await bob.subscribe('sip:carol@example.com')
  assert.equal(second.status, 503)
  assert.match(second.headers.get('Retry-After') ?? '', /^\d+$/)
  const dialog = { callId: first.headers.get('Call-ID') ?? '', to: first.headers.get('To') ?? '' }
  const ended = await bob.send('SUBSCRIBE', {
    ...dialog,
    uri: 'sip:alice@example.com',
    fromTag: /tag=([^;>]+)/.exec(first.headers.get('From') ?? '')?.[1] ?? '',
    headers: [
      ['Event', 'presence'],
      ['Expires', '0'],
    ],
  })
  assert.equal(ended.status, 200)
})

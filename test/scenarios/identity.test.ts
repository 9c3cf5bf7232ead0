/**
 * One presentity by all of his addresses (RFC 3856 §5, RFC 3859 §3.1, RFC 3966, RFC 3261 §19.1.6): a
 * SUBSCRIBE to any of them finds him, and every document names him as he was asked for.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { SipRequest } from '../../src/sip/message/message.ts'
import { Phone, type SipSystem, startSipSystem } from '../support/sip-system.ts'

const BOB = requireJid('bob@example.com').bare
const PIDF = 'application/pidf+xml'
const PARTIAL = 'application/pidf-diff+xml'

/** What is subscribed to, and what documents call him then. */
const NAMES: readonly (readonly [uri: string, entity: string])[] = [
  ['sip:bob@example.com', 'sip:bob@example.com'],
  ['sip:bob@EXAMPLE.com:5060;transport=udp', 'sip:bob@example.com'],
  ['sips:bob@example.com', 'sips:bob@example.com'],
  ['pres:bob@example.com', 'pres:bob@example.com'],
  // His address at another domain of this system, and one outside of it that is his all the same.
  ['sip:robert@sales.example.com', 'sip:robert@sales.example.com'],
  ['pres:bob@partner.example', 'pres:bob@partner.example'],
  // E.164 numbers: alone, at our domain, at a gateway's.
  ['tel:+15550100', 'tel:+15550100'],
  ['tel:+1-555-0100', 'tel:+1-555-0100'],
  ['sip:+15550100@example.com', 'sip:+15550100@example.com'],
  ['sip:+15550100@example.com;user=phone', 'sip:+15550100@example.com;user=phone'],
  [
    'sip:+15550100@gateway.other.example;user=phone',
    'sip:+15550100@gateway.other.example;user=phone',
  ],
  ['sips:+15550100@example.com;user=phone', 'sips:+15550100@example.com;user=phone'],
  // A number of the enterprise’s own.
  ['sip:5425@example.com;user=phone', 'sip:5425@example.com;user=phone'],
  ['tel:5425;phone-context=example.com', 'tel:5425;phone-context=example.com'],
]

async function systemOfBob(t: Parameters<typeof startSipSystem>[0]): Promise<SipSystem> {
  const system = await startSipSystem(t)
  const { directory } = system
  await directory.addDomain('sales.example.com')
  for (const [type, value] of [
    ['sip', 'robert@sales.example.com'],
    ['sip', 'bob@partner.example'],
    ['e164', '+15550100'],
    ['e164', '5425@example.com'],
  ] as const) {
    await directory.addAddress(BOB, { type, value })
  }
  return system
}

const entityOf = ({ body }: SipRequest) => / entity="([^"]*)"/.exec(body.toString())?.[1]

describe('the presentity of a SUBSCRIBE', () => {
  for (const format of [PIDF, PARTIAL]) {
    test(`is found by each of his addresses, and named by it in ${format}`, async (t) => {
      const system = await systemOfBob(t)
      const phone = await Phone.open(t, system, 'alice', 'tcp')
      const bob = await Phone.open(t, system, 'bob', 'tcp')
      await bob.register()
      for (const [uri, entity] of NAMES) {
        const from = phone.received.length
        const response = await phone.subscribe(uri, ['Accept', format])
        assert.equal(response.status, 200, uri)
        const told = await phone.got('NOTIFY', (one) => phone.received.indexOf(one) >= from)
        assert.equal(told.headers.get('Content-Type'), format)
        assert.equal(entityOf(told), entity)
        assert.match(told.body.toString(), /<basic>open<\/basic>/, uri)
      }
    })
  }

  test('is told of a change under each of these names', async (t) => {
    const system = await systemOfBob(t)
    const phone = await Phone.open(t, system, 'alice', 'tcp')
    const bob = await Phone.open(t, system, 'bob', 'tcp')
    for (const [uri] of NAMES) {
      assert.equal((await phone.subscribe(uri, ['Accept', PARTIAL])).status, 200)
    }
    await bob.register()
    for (const [uri, entity] of NAMES) {
      const isTold = (one: SipRequest) => entityOf(one) === entity && one.body.includes('>open<')
      assert.ok(await phone.got('NOTIFY', isTold), uri)
    }
  })

  test('names himself so in what he is told of his watchers', async (t) => {
    const system = await systemOfBob(t)
    const bob = await Phone.open(t, system, 'bob', 'tcp')
    for (const [uri, entity] of NAMES) {
      const from = bob.received.length
      const headers: [string, string][] = [['Event', 'presence.winfo']]
      assert.equal((await bob.send('SUBSCRIBE', { uri, headers })).status, 200)
      const told = await bob.got('NOTIFY', (one) => bob.received.indexOf(one) >= from)
      assert.ok(told.body.includes(`<watcher-list resource="${entity}" package="presence">`), uri)
    }
  })

  for (const [uri, status] of [
    ['sip:nobody@example.com', 404],
    ['sip:+15550199@example.com;user=phone', 404],
    ['pres:bob@elsewhere.example', 404],
    ['sip:5425@elsewhere.example;user=phone', 404],
    ['mailto:bob@example.com', 416],
  ] as const) {
    test(`is not found as ${uri}: ${status}`, async (t) => {
      const system = await systemOfBob(t)
      const phone = await Phone.open(t, system, 'alice', 'tcp')
      assert.equal((await phone.subscribe(uri)).status, status)
    })
  }
})

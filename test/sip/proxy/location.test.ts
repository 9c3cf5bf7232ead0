/** RFC 3261 §16.5, RFC 5626 §7, RFC 5627 §6.1, RFC 5630 §3.1. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import { parseSipUri } from '../../../src/sip/message/uri.ts'
import { Location } from '../../../src/sip/proxy/location.ts'
import type { Peer } from '../../../src/sip/transport/transport.ts'
import { fakeFlow, resolveByUri } from '../events/support.ts'
import { setUp } from '../registrar/support.ts'

const OUTBOUND: [string, string] = ['Supported', 'path, outbound']

function start() {
  const { register, bindings, gruus, clock } = setUp()
  const location = new Location({ resolve: resolveByUri, bindings, gruus })
  const found = async (text: string) => {
    const uri = parseSipUri(text)
    assert.ok(uri)
    try {
      return (await location.contactsFor(uri)).map(({ state }) => state.contact)
    } catch (error) {
      if (!(error instanceof SipError)) throw error
      return error.status
    }
  }
  return { register, clock, found, bindings }
}

function connection(transport: 'tcp' | 'tls', port: number): Peer & { flow: { open: boolean } } {
  return { transport, host: '192.0.2.10', port, flow: fakeFlow(transport) }
}

describe('the contact of a user that gets a request', () => {
  test('is the one with the highest q, the latest among equals', async () => {
    const { register, clock, found } = start()
    await register(['<sip:bob@192.0.2.1>;q=0.5'])
    clock.advance(1000)
    await register(['<sip:bob@192.0.2.2>;q=0.5'])
    clock.advance(1000)
    await register(['<sip:bob@192.0.2.3>;q=0.4'])
    assert.deepEqual(await found('sip:bob@example.com'), ['sip:bob@192.0.2.2'])
    clock.advance(1000)
    await register(['<sip:bob@192.0.2.1>;q=0.5'])
    assert.deepEqual(await found('sip:bob@example.com'), ['sip:bob@192.0.2.1'])
  })

  test('is followed by the other flows of its device, and by no other device', async () => {
    const { register, clock, found } = start()
    for (const [port, instance, regId] of [
      [1, 'a', 1],
      [2, 'a', 2],
      [3, 'b', 1],
    ] as const) {
      clock.advance(1000)
      const q = instance === 'a' ? '0.9' : '0.1'
      const params = `+sip.instance="<urn:${instance}>";reg-id=${regId};q=${q}`
      const source = connection('tcp', 40_000 + port)
      await register([`<sip:bob@192.0.2.${port}>;${params}`], { headers: [OUTBOUND], source })
    }
    assert.deepEqual(await found('sip:bob@example.com'), ['sip:bob@192.0.2.2', 'sip:bob@192.0.2.1'])
    assert.deepEqual(await found('sip:bob@example.com;gr=urn:b'), ['sip:bob@192.0.2.3'])
    assert.equal(await found('sip:bob@example.com;gr=urn:c'), 480)
  })

  test('of a sips URI is one that TLS leads to (RFC 5630 §3.1)', async () => {
    const { register, found } = start()
    await register(['<sip:bob@192.0.2.1;transport=tcp>'], { source: connection('tcp', 41_000) })
    assert.equal(await found('sips:bob@example.com'), 480)
    await register(['<sip:bob@192.0.2.2;transport=tls>'], { source: connection('tls', 42_000) })
    assert.deepEqual(await found('sips:bob@example.com'), ['sip:bob@192.0.2.2;transport=tls'])
  })

  test('is none whose connection is gone', async () => {
    const { register, found } = start()
    const source = connection('tcp', 41_000)
    await register(['<sip:bob@192.0.2.1;transport=tcp>'], { source })
    source.flow.open = false
    assert.equal(await found('sip:bob@example.com'), 480)
    assert.equal(await found('sip:nobody@example.com'), 404)
  })
})

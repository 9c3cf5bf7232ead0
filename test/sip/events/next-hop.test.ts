import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextHop, sharedPeer } from '../../../src/sip/events/next-hop.ts'
import { fakeFlow, sipRequest, UDP_SOURCE } from './support.ts'

function subscribe(contact: string, sentBy: string, ...proxies: string[]) {
  const request = sipRequest('SUBSCRIBE')
  const vias = [...proxies, sentBy].map((host) => `SIP/2.0/UDP ${host};branch=z9hG4bKx`)
  request.headers.set('Via', ...vias)
  request.headers.set('Contact', `<${contact}>`)
  return request
}

test('a UDP client is reached at its Contact’s port, by the listener that heard it', () => {
  const flow = fakeFlow()
  const source = { ...UDP_SOURCE, port: 40_000, flow }
  const request = subscribe('sip:bob@192.0.2.10:5070', '192.0.2.10:5070')
  assert.deepEqual(nextHop(request, source), { ...source, port: 5070 })
  const unnamed = subscribe('sip:bob@192.0.2.10', '192.0.2.10')
  assert.deepEqual(nextHop(unnamed, source), { ...source, port: 5060 })
})

test('a UDP client behind a NAT is reached where its packets come from', () => {
  const source = { ...UDP_SOURCE, host: '203.0.113.1', port: 40_000 }
  const request = subscribe('sip:bob@10.0.0.5:5060', '10.0.0.5:5060')
  assert.deepEqual(nextHop(request, source), source)
})

test('a Contact elsewhere on purpose, or by another transport, is followed', () => {
  const elsewhere = subscribe('sip:bob@192.0.2.77:5060', '192.0.2.10:5060')
  assert.equal(nextHop(elsewhere, UDP_SOURCE), undefined)
  const byTcp = subscribe('sip:bob@192.0.2.10:5060;transport=tcp', '192.0.2.10:5060')
  assert.equal(nextHop(byTcp, UDP_SOURCE), undefined)
  const byName = subscribe('sip:bob@phone.example.com', 'phone.example.com')
  assert.equal(nextHop(byName, UDP_SOURCE), undefined)
})

test('a UDP client whose Contact is a GRUU is looked for where it is registered (RFC 5627 §4.5)', () => {
  const source = { ...UDP_SOURCE, port: 40_000 }
  const request = subscribe('sip:bob@example.com;gr=urn:uuid:f81d4fae', '192.0.2.10:40000')
  assert.equal(nextHop(request, source), undefined)
})

test('a TCP client is reached by its connection, whatever its Contact says', () => {
  const source = { transport: 'tcp' as const, host: '192.0.2.10', port: 40_000, flow: fakeFlow() }
  assert.equal(nextHop(subscribe('sip:bob@abc.invalid', 'abc.invalid'), source), source)
})

test('through proxies the route set or the Contact leads, not the last proxy’s address', () => {
  const request = subscribe('sip:bob@10.0.0.5', '10.0.0.5', 'proxy.example.net')
  assert.equal(nextHop(request, UDP_SOURCE), undefined)
})

test('one phone over UDP is one peer for all its subscriptions, on each listener', () => {
  const flow = fakeFlow()
  const peer = { ...UDP_SOURCE, host: '192.0.2.99', port: 5060, flow }
  assert.equal(sharedPeer(peer), peer)
  assert.equal(sharedPeer({ ...peer }), peer)
  const elsewhere = { ...peer, flow: fakeFlow() }
  assert.equal(sharedPeer(elsewhere), elsewhere)
  const restored = { transport: 'udp' as const, host: '192.0.2.98', port: 5060 }
  assert.equal(sharedPeer(restored), restored)
  const tcp = { ...peer, transport: 'tcp' as const }
  assert.equal(sharedPeer(tcp), tcp)
  assert.equal(sharedPeer(undefined), undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSipUri } from '../../../src/sip/message/uri.ts'
import { inOrder, locate, type SrvTarget } from '../../../src/sip/transport/locate.ts'
import type { TransportName } from '../../../src/sip/transport/transport.ts'

interface Zone {
  srv?: Record<string, SrvTarget[]>
  addresses?: Record<string, string[]>
  speaks?: TransportName[]
}

async function find(uri: string, { srv = {}, addresses = {}, speaks }: Zone = {}) {
  const parsed = parseSipUri(uri)
  assert.ok(parsed)
  const spoken: TransportName[] = speaks ?? ['udp', 'tcp', 'tls']
  const peers = await locate(
    {
      resolver: {
        srv: async (name) => srv[name] ?? [],
        addresses: async (name) => addresses[name] ?? [],
      },
      speaks: (transport) => spoken.includes(transport),
    },
    parsed,
  )
  return peers.map(({ transport, host, port }) => `${transport} ${host} ${port}`)
}

const ZONE: Zone = {
  srv: {
    '_sip._tcp.example.com': [
      { priority: 20, weight: 0, name: 'b.example.com', port: 5070 },
      { priority: 10, weight: 0, name: 'a.example.com', port: 5080 },
    ],
    '_sips._tcp.example.com': [{ priority: 1, weight: 1, name: 'a.example.com', port: 5061 }],
  },
  addresses: {
    'a.example.com': ['192.0.2.1', '2001:db8::1'],
    'b.example.com': ['192.0.2.2'],
    'plain.example.com': ['192.0.2.3'],
  },
}

test('a numeric host needs no look-up, and has its transport’s port', async () => {
  assert.deepEqual(await find('sip:bob@192.0.2.9'), ['udp 192.0.2.9 5060'])
  assert.deepEqual(await find('sips:bob@[2001:db8::9]'), ['tls 2001:db8::9 5061'])
  assert.deepEqual(await find('sip:192.0.2.9:5099;transport=tcp'), ['tcp 192.0.2.9 5099'])
})

test('an explicit port skips SRV', async () => {
  assert.deepEqual(await find('sip:plain.example.com:5099', ZONE), ['udp 192.0.2.3 5099'])
})

test('SRV gives targets by priority, all their addresses, in the first transport that has any', async () => {
  assert.deepEqual(await find('sip:bob@example.com', ZONE), [
    'tcp 192.0.2.1 5080',
    'tcp 2001:db8::1 5080',
    'tcp 192.0.2.2 5070',
  ])
})

test('a sips URI only goes by TLS, and nowhere by UDP', async () => {
  assert.deepEqual(await find('sips:bob@example.com', ZONE), [
    'tls 192.0.2.1 5061',
    'tls 2001:db8::1 5061',
  ])
  assert.deepEqual(await find('sips:192.0.2.1;transport=udp', ZONE), [])
  assert.deepEqual(await find('sips:192.0.2.1', { speaks: ['udp', 'tcp'] }), [])
})

test('without SRV the name itself is looked up', async () => {
  assert.deepEqual(await find('sip:plain.example.com', ZONE), ['udp 192.0.2.3 5060'])
  assert.deepEqual(await find('sip:nowhere.example.com', ZONE), [])
})

test('a transport that we do not speak leads nowhere', async () => {
  assert.deepEqual(await find('sip:192.0.2.1;transport=sctp'), [])
})

test('equal priorities are drawn by weight, and a dot is no service', () => {
  const heavy = { priority: 1, weight: 1_000_000, name: 'heavy', port: 1 }
  const light = { priority: 1, weight: 1, name: 'light', port: 1 }
  const first = Array.from({ length: 50 }, () => inOrder([light, heavy])[0]?.name)
  assert.ok(first.filter((name) => name === 'heavy').length >= 45)
  assert.deepEqual(inOrder([{ priority: 0, weight: 0, name: '.', port: 0 }]), [])
})

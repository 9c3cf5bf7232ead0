import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSipUri } from '../../../src/sip/message/uri.ts'
import type { NaptrRecord, SrvRecord } from '../../../src/sip/transport/dns/records.ts'
import { locate } from '../../../src/sip/transport/locate.ts'
import type { TransportName } from '../../../src/sip/transport/transport.ts'

interface Zone {
  naptr?: Record<string, NaptrRecord[]>
  srv?: Record<string, SrvRecord[]>
  addresses?: Record<string, string[]>
  speaks?: TransportName[]
}

async function find(uri: string, { naptr = {}, srv = {}, addresses = {}, speaks }: Zone = {}) {
  const parsed = parseSipUri(uri)
  assert.ok(parsed)
  const spoken: TransportName[] = speaks ?? ['udp', 'tcp', 'tls']
  const peers = await locate(
    {
      resolver: {
        naptr: async (name) => naptr[name] ?? [],
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
  assert.deepEqual(await find('sips:192.0.2.1;transport=ws', ZONE), [])
  assert.deepEqual(await find('sip:192.0.2.1;transport=ws', { speaks: ['udp', 'tcp'] }), [])
  assert.deepEqual(await find('sips:192.0.2.1;transport=tcp', ZONE), ['tls 192.0.2.1 5061'])
  assert.deepEqual(await find('sips:192.0.2.1', { speaks: ['udp', 'tcp'] }), [])
})

test('without SRV the name itself is looked up', async () => {
  assert.deepEqual(await find('sip:plain.example.com', ZONE), ['udp 192.0.2.3 5060'])
  assert.deepEqual(await find('sip:nowhere.example.com', ZONE), [])
})

test('a transport that we do not speak leads nowhere', async () => {
  assert.deepEqual(await find('sip:192.0.2.1;transport=sctp'), [])
})

test('RFC 3263 §4.1: NAPTR of what we do not speak, and of no SRV, is passed over', async () => {
  const record = { order: 1, preference: 1, flags: 's', replacement: '_sip._tcp.example.com' }
  const zone = (...naptr: NaptrRecord[]) => ({ ...ZONE, naptr: { 'example.com': naptr } })
  const preferred = await find('sip:bob@example.com', {
    ...zone({ ...record, order: 2, service: 'sip+d2t' }, { ...record, service: 'SIP+D2W' }),
    speaks: ['udp', 'tcp'],
  })
  assert.equal(preferred[0], 'tcp 192.0.2.1 5080')
  const unusable = zone({ ...record, flags: 'u', service: 'SIP+D2T', replacement: 'x' })
  assert.equal((await find('sip:bob@example.com', unusable))[0], 'tcp 192.0.2.1 5080')
})

test('who writes a thousand records does not have a thousand names looked up', async () => {
  let asked = 0
  const records = Array.from({ length: 1000 }, (_, at) => ({
    priority: at,
    weight: 0,
    name: `n${at}`,
    port: 1,
  }))
  const uri = parseSipUri('sip:example.com')
  assert.ok(uri)
  const resolver = {
    naptr: async () => [],
    srv: async () => records,
    addresses: async () => {
      asked += 1
      return []
    },
  }
  await locate({ resolver, speaks: (transport) => transport === 'udp' }, uri)
  assert.equal(asked, 16)
})

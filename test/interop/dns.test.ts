/** Where SIP requests go, as a real name server says: RFC 3263, RFC 2782, RFC 3861, RFC 7984. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SipRequest } from '../../src/sip/message/message.ts'
import { parseSipUri } from '../../src/sip/message/uri.ts'
import { parseVia } from '../../src/sip/message/via.ts'
import { DEFAULT_CACHE_TERMS, DnsCache } from '../../src/sip/transport/dns/dns-cache.ts'
import { dnsSource } from '../../src/sip/transport/dns/dns-source.ts'
import { Locator } from '../../src/sip/transport/locator.ts'
import type { TransportName } from '../../src/sip/transport/transport.ts'
import { silentLog } from '../../src/util/log.ts'
import { startRig } from '../sip/rig.ts'
import { requestText, responseText, statusOf, UdpPeer } from '../sip/wire.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { Bind } from './drivers/bind.ts'
import { startWithPeople } from './people.ts'

const NAPTR = [
  '@ NAPTR 10 50 "s" "SIPS+D2T" "" _sips._tcp',
  '@ NAPTR 20 50 "s" "SIP+D2T" "" _sip._tcp',
  '@ NAPTR 30 50 "s" "SIP+D2U" "" _sip._udp',
  '@ NAPTR 5 50 "s" "SIP+D2S" "" _sip._sctp',
  '@ NAPTR 6 50 "u" "E2U+sip" "!^.*$!sip:info@elsewhere.test!" .',
]

let bind: Bind
/** Answers at a free port each: the one with the higher priority is down, busy, or well. */
let first: UdpPeer
let spare: UdpPeer

before(async () => {
  first = await UdpPeer.open(0)
  spare = await UdpPeer.open(0)
  bind = await Bind.start({
    'naptr.test': [
      ...NAPTR,
      '_sips._tcp SRV 1 1 5061 a',
      '_sip._tcp SRV 1 1 5070 a',
      '_sip._udp SRV 1 1 5080 b',
      'a A 192.0.2.1',
      'b A 192.0.2.2',
    ],
    'srv.test': [
      '_sip._tcp SRV 20 0 5070 b',
      '_sip._tcp SRV 10 0 5080 a',
      '_sips._tcp SRV 1 1 5061 a',
      'a 120 IN A 192.0.2.1',
      'a 60 IN AAAA 2001:db8::1',
      'b A 192.0.2.2',
      'alias CNAME a',
    ],
    'plain.test': ['@ A 192.0.2.3'],
    'closed.test': ['@ A 192.0.2.4', '_sip._udp SRV 0 0 0 .', '_sip._tcp SRV 0 0 0 .'],
    'people.test': ['_pres._sip SRV 1 1 5090 p', '_im._sip SRV 1 1 5091 p', 'p A 192.0.2.5'],
    'weights.test': [
      '_sip._udp SRV 1 90 5001 a',
      '_sip._udp SRV 1 10 5002 a',
      '_sip._udp SRV 2 0 5003 a',
      'a A 192.0.2.6',
    ],
    'pair.test': [
      `_sip._udp SRV 1 0 ${first.port} here`,
      `_sip._udp SRV 2 0 ${spare.port} here`,
      'here A 127.0.0.1',
    ],
    'down.test': [
      '_sip._tcp SRV 1 0 9 here', // nobody listens there
      `_sip._udp SRV 2 0 ${spare.port} here`,
      '@ NAPTR 1 1 "s" "SIP+D2T" "" _sip._tcp',
      '@ NAPTR 2 1 "s" "SIP+D2U" "" _sip._udp',
      'here A 127.0.0.1',
    ],
  })
})

after(async () => {
  await bind[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  await spare[Symbol.asyncDispose]()
})

function resolver(clock = new FakeClock(), terms = DEFAULT_CACHE_TERMS) {
  const source = dnsSource([bind.address])
  return new DnsCache({ clock, log: silentLog, source }, terms)
}

async function find(uri: string, speaks: readonly TransportName[] = ['udp', 'tcp', 'tls']) {
  const parsed = parseSipUri(uri)
  assert.ok(parsed)
  const locator = new Locator({
    clock: new FakeClock(),
    resolver: resolver(),
    speaks: (transport) => speaks.includes(transport),
  })
  const peers = await locator.find(parsed)
  return peers.map(({ transport, host, port }) => `${transport} ${host} ${port}`)
}

test('RFC 3263 §4.1: NAPTR records name the transports in the domain’s own order', async () => {
  const all = ['tls 192.0.2.1 5061', 'tcp 192.0.2.1 5070', 'udp 192.0.2.2 5080']
  assert.deepEqual(await find('sip:bob@naptr.test'), all)
  assert.deepEqual(await find('sip:bob@naptr.test', ['udp', 'tcp']), all.slice(1))
  assert.deepEqual(await find('sip:bob@naptr.test', ['udp']), all.slice(2))
})

test('RFC 3263 §4.1, RFC 5630: a sips URI takes nothing but TLS of what NAPTR offers', async () => {
  assert.deepEqual(await find('sips:bob@naptr.test'), ['tls 192.0.2.1 5061'])
  assert.deepEqual(await find('sips:bob@naptr.test', ['udp', 'tcp']), [])
})

test('RFC 3263 §4.1: a URI that names its transport asks for no NAPTR', async () => {
  assert.deepEqual(await find('sip:bob@naptr.test;transport=udp'), ['udp 192.0.2.2 5080'])
  assert.deepEqual(await find('sips:bob@naptr.test;transport=tcp'), ['tls 192.0.2.1 5061'])
})

test('RFC 3263 §4.1: without NAPTR, SRV of the transports that we speak is asked for', async () => {
  assert.deepEqual((await find('sip:bob@srv.test')).toSorted(), [
    'tcp 192.0.2.1 5080',
    'tcp 192.0.2.2 5070',
    'tcp 2001:db8::1 5080',
  ])
  assert.deepEqual((await find('sip:bob@srv.test')).at(-1), 'tcp 192.0.2.2 5070')
  assert.deepEqual((await find('sip:bob@srv.test;transport=tls')).length, 2)
})

test('RFC 3263 §4.2: a port, or no SRV, leads to the addresses of the name itself', async () => {
  assert.deepEqual(await find('sip:bob@plain.test:5099'), ['udp 192.0.2.3 5099'])
  assert.deepEqual(await find('sip:bob@plain.test'), ['udp 192.0.2.3 5060'])
  assert.deepEqual(await find('sips:bob@plain.test'), ['tls 192.0.2.3 5061'])
  assert.deepEqual(await find('sip:bob@elsewhere.example;maddr=plain.test'), ['udp 192.0.2.3 5060'])
  assert.deepEqual((await find('sip:bob@alias.srv.test:5099')).toSorted(), [
    'udp 192.0.2.1 5099',
    'udp 2001:db8::1 5099',
  ])
  assert.deepEqual(await find('sip:bob@nowhere.test'), [])
})

test('RFC 2782: a domain that says that it has no SIP is not asked at its address', async () => {
  assert.deepEqual(await find('sip:bob@closed.test'), [])
  assert.deepEqual(await find('sip:bob@closed.test;transport=tls'), ['tls 192.0.2.4 5061'])
})

test('RFC 3861: pres and im URIs have SRV records of their own', async () => {
  assert.deepEqual(await find('pres:bob@people.test'), ['udp 192.0.2.5 5090'])
  assert.deepEqual(await find('im:bob@people.test'), ['udp 192.0.2.5 5091'])
  assert.deepEqual(await find('pres:bob@plain.test'), ['udp 192.0.2.3 5060'])
})

test('RFC 2782: equals are drawn by weight, and lower priorities come last', async () => {
  const firsts = new Map<string, number>()
  for (let draw = 0; draw < 300; draw += 1) {
    const [one = '', , last] = await find('sip:bob@weights.test')
    assert.equal(last, 'udp 192.0.2.6 5003')
    firsts.set(one, (firsts.get(one) ?? 0) + 1)
  }
  const heavy = firsts.get('udp 192.0.2.6 5001') ?? 0
  // 270 are expected; one in a million runs has fewer than 240.
  assert.ok(heavy > 240 && heavy < 300, `${heavy} of 300`)
})

test('answers are kept for their time to live, and no longer than the operator says', async () => {
  const clock = new FakeClock()
  const names = resolver(clock)
  const asked = () => bind.queries('a.srv.test', 'AAAA')
  const before = asked()
  await names.addresses('a.srv.test')
  await names.addresses('A.srv.test')
  assert.equal(asked(), before + 1)
  clock.advance(59_999) // the shorter of the two holds
  await names.addresses('a.srv.test')
  assert.equal(asked(), before + 1)
  clock.advance(1)
  await names.addresses('a.srv.test')
  assert.equal(asked(), before + 2)
  const brief = resolver(clock, { ...DEFAULT_CACHE_TERMS, expiryMs: 1_000 })
  await brief.addresses('a.srv.test')
  clock.advance(1_000)
  await brief.addresses('a.srv.test')
  assert.equal(asked(), before + 4)
})

test('RFC 2308: that there is nothing is kept for a while too', async () => {
  const clock = new FakeClock()
  const names = resolver(clock)
  const asked = () => bind.queries('_sip._udp.plain.test', 'SRV')
  const before = asked()
  assert.deepEqual(await names.srv('_sip._udp.plain.test'), [])
  assert.deepEqual(await names.srv('_sip._udp.plain.test'), [])
  assert.equal(asked(), before + 1)
  clock.advance(DEFAULT_CACHE_TERMS.negativeMs)
  await names.srv('_sip._udp.plain.test')
  assert.equal(asked(), before + 2)
})

function message(uri: string) {
  return new SipRequest({
    method: 'MESSAGE',
    uri,
    headers: [
      ['From', '<sip:alice@example.com>;tag=1'],
      ['To', `<${uri}>`],
      ['Call-ID', crypto.randomUUID()],
      ['CSeq', '1 MESSAGE'],
    ],
  })
}

test('RFC 3263 §4.3: after a 503 the next target is asked, and the busy one not first for a while', async () => {
  const clock = new FakeClock()
  await using rig = await startRig({ clock, resolver: resolver(clock) })
  const asked = rig.agent.request(message('sip:bob@pair.test'))
  first.send(responseText(await first.next(), '503 Busy', ['Retry-After: 10']), rig.udp)
  spare.send(responseText(await spare.next(), '200 OK'), rig.udp)
  assert.equal((await asked).status, 200)

  const again = rig.agent.request(message('sip:bob@pair.test'))
  spare.send(responseText(await spare.next(), '200 OK'), rig.udp)
  assert.equal((await again).status, 200)

  clock.advance(10_000) // what its Retry-After asked for
  const later = rig.agent.request(message('sip:bob@pair.test'))
  first.send(responseText(await first.next(), '200 OK'), rig.udp)
  assert.equal((await later).status, 200)
})

test('RFC 3263 §4.3: after a timeout too, in another transaction', async () => {
  const clock = new FakeClock()
  await using rig = await startRig({ clock, resolver: resolver(clock) })
  const asked = rig.agent.request(message('sip:bob@pair.test'))
  const lost = await first.next()
  clock.advance(32_000)
  const found = await spare.next()
  assert.notEqual(branchIn(found), branchIn(lost))
  spare.send(responseText(found, '200 OK'), rig.udp)
  assert.equal((await asked).status, 200)
  while (first.inbox.waiting > 0) await first.next()
})

test('RFC 3263 §4.3: who has said that he has the request is not passed over', async () => {
  const clock = new FakeClock()
  await using rig = await startRig({ clock, resolver: resolver(clock) })
  const asked = rig.agent.request(message('sip:bob@pair.test'))
  first.send(responseText(await first.next(), '100 Trying'), rig.udp)
  first.send(requestText(), rig.udp)
  assert.equal(statusOf(await first.next()), 200, 'what came before has been read')
  clock.advance(32_000)
  assert.equal((await asked).status, 408)
  assert.equal(spare.inbox.waiting, 0)
})

test('RFC 3263 §4.3: where nobody accepts a connection, the next service is tried', async () => {
  await using rig = await startRig({ resolver: resolver() })
  const asked = rig.agent.request(message('sip:bob@down.test'))
  spare.send(responseText(await spare.next(), '200 OK'), rig.udp)
  assert.equal((await asked).status, 200)
})

test('RFC 3263 §5: an answer whose connection is gone goes where the Via’s name leads', async () => {
  const via = parseVia('SIP/2.0/TCP srv.test;branch=z9hG4bKx')
  assert.ok(via)
  const locator = new Locator({
    clock: new FakeClock(),
    resolver: resolver(),
    speaks: () => true,
  })
  const [one, , last] = await locator.findSender(via)
  assert.equal(one?.port, 5080)
  assert.deepEqual(last, { transport: 'tcp', host: '192.0.2.2', port: 5070, domain: 'srv.test' })
})

test('the server itself asks the name servers of sip.dns.servers for a Contact’s domain', async (t) => {
  const server = await startWithPeople(
    t,
    ['alice', 'bob'],
    [...['--set', `sip.dns.servers=${bind.address}`], ...['--set', 'sip.trustedPeers=127.0.0.1']],
  )
  await using asker = await UdpPeer.open(server.port('sipUdp'))
  asker.send(
    requestText({
      method: 'SUBSCRIBE',
      uri: 'sip:alice@example.com',
      from: '<sip:bob@example.com>;tag=w1',
      to: '<sip:alice@example.com>',
      headers: ['Event: presence', 'Contact: <sip:bob@pair.test>', 'Expires: 600'],
    }),
  )
  assert.equal(statusOf(await asker.next()), 200)
  let refused = await first.next()
  // Copies of what an earlier test let go unanswered.
  while (!refused.startsWith('NOTIFY ')) refused = await first.next()
  assert.match(refused, /^NOTIFY sip:bob@pair\.test SIP/)
  first.send(responseText(refused, '503 Busy'), server.port('sipUdp'))
  const taken = await spare.next()
  assert.match(taken, /^Subscription-State: active/m)
  spare.send(responseText(taken, '200 OK'), server.port('sipUdp'))
})

function branchIn(request: string): string | undefined {
  return /^Via:.*;branch=([^;\r]+)/im.exec(request)?.[1]
}

/** What is different for single peers: MTU (RFC 3261 §18.1.1), transport, TLS, keep-alives (RFC 5626 §4.4.1). */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { loadConfig } from '../../../src/config/load-config.ts'
import { issueCertificate, type Made, makeAuthority } from '../../../src/ops/certificate-maker.ts'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { type PeerRule, PeerRules } from '../../../src/sip/transport/peer-rules.ts'
import { peerRules } from '../../../src/sip/transport/transport-config.ts'
import { startRig } from '../rig.ts'
import { responseText, UdpPeer } from '../wire.ts'

const RULE: PeerRule = {
  peers: ['127.0.0.1'],
  transport: undefined,
  maxUdpRequestBytes: 1300,
  tlsCheck: undefined,
  minTlsVersion: undefined,
  keepAliveMs: 0,
}

function rules(...some: Partial<PeerRule>[]): PeerRules {
  return new PeerRules(some.map((rule) => ({ ...RULE, ...rule })))
}

function message(uri: string, length = 10) {
  return new SipRequest({
    method: 'MESSAGE',
    uri,
    headers: [
      ['From', '<sip:alice@example.com>;tag=1'],
      ['To', `<${uri}>`],
      ['Call-ID', crypto.randomUUID()],
      ['CSeq', '1 MESSAGE'],
    ],
    body: 'x'.repeat(length),
  })
}

test('the first rule for an address, a network or a domain counts', () => {
  const some = rules(
    { peers: ['192.0.2.7'], keepAliveMs: 1 },
    { peers: ['192.0.2.0/24', '2001:db8::/32'], keepAliveMs: 2 },
    { peers: ['example.com'], keepAliveMs: 3 },
  )
  const found = (host: string, domain?: string) =>
    some.for({ host, ...(domain && { domain }) })?.keepAliveMs
  assert.equal(found('192.0.2.7'), 1)
  assert.equal(found('192.0.2.8'), 2)
  assert.equal(found('2001:db8::1'), 2)
  assert.equal(found('198.51.100.1', 'Example.com'), 3)
  assert.equal(found('example.com'), 3)
  assert.equal(found('198.51.100.1', 'sub.example.com'), undefined)
})

test('options become rules', () => {
  const given = '[{"peers": "proxy.example.com", "tlsVerify": "authority", "tlsMinVersion": "1.3"}]'
  const loaded = loadConfig(['--set', `sip.peerRules=${given}`], {})
  assert.ok(loaded.kind === 'config')
  assert.deepEqual(peerRules(loaded.config.sip), [
    { ...RULE, peers: ['proxy.example.com'], tlsCheck: 'authority', minTlsVersion: 'TLSv1.3' },
  ])
})

test('a peer that takes everything by UDP gets it so, one that wants none gets TCP', async () => {
  await using all = await startRig({ rules: rules({ maxUdpRequestBytes: 65_535 }) })
  await using phone = await UdpPeer.open(all.udp)
  const long = all.agent.request(message(`sip:bob@127.0.0.1:${phone.port}`, 5_000))
  const sent = await phone.next()
  assert.ok(sent.length > 5_000)
  phone.send(responseText(sent, '200 OK'))
  assert.equal((await long).status, 200)

  await using none = await startRig({ rules: rules({ maxUdpRequestBytes: 0 }) })
  await using proxy = await startRig()
  let transport = ''
  proxy.agent.handle('MESSAGE', (tx) => {
    transport = tx.source.transport
    tx.respond(createResponse(tx.request, 200))
  })
  assert.equal((await none.agent.request(message(`sip:bob@127.0.0.1:${proxy.tcp}`))).status, 200)
  assert.equal(transport, 'tcp')
})

test('a peer is reached by the transport that is its own, unless the URI says which', async () => {
  await using rig = await startRig({ rules: rules({ transport: 'tcp' }) })
  await using proxy = await startRig()
  const seen: string[] = []
  proxy.agent.handle('MESSAGE', (tx) => {
    seen.push(tx.source.transport)
    tx.respond(createResponse(tx.request, 200))
  })
  assert.equal((await rig.agent.request(message(`sip:bob@127.0.0.1:${proxy.tcp}`))).status, 200)
  const udp = message(`sip:bob@127.0.0.1:${proxy.udp};transport=udp`)
  assert.equal((await rig.agent.request(udp)).status, 200)
  assert.deepEqual(seen, ['tcp', 'udp'])
})

let authority: Made
let server: Made

before(async () => {
  authority = await makeAuthority(Date.now())
  server = await issueCertificate(authority, ['server.example.com'], Date.now())
})

function tlsRig(options: { trusted: boolean; rules: PeerRules }) {
  const identity = { cert: server.certificatePem, key: server.keyPem }
  const ca = options.trusted ? { ca: authority.certificatePem } : {}
  return startRig({
    rules: options.rules,
    tls: { ...identity, maxVersion: 'TLSv1.2' },
    tlsClient: {
      context: (minVersion) => createSecureContext({ ...ca, ...(minVersion && { minVersion }) }),
      verify: true,
    },
  })
}

const TLS_CASES: [what: string, rule: Partial<PeerRule>, trusted: boolean, status: number][] = [
  ['a name that is not the certificate’s is refused', {}, true, 503],
  [
    'an authority that is trusted is enough where it is to be',
    { tlsCheck: 'authority' },
    true,
    200,
  ],
  ['one that is not trusted is not enough', { tlsCheck: 'authority' }, false, 503],
  ['nothing is checked where nothing is to be', { tlsCheck: 'off' }, false, 200],
  [
    'older TLS than the rule’s is not spoken',
    { tlsCheck: 'off', minTlsVersion: 'TLSv1.3' },
    false,
    503,
  ],
]

for (const [what, rule, trusted, status] of TLS_CASES) {
  test(`TLS to a peer with a rule (RFC 5922 §7.3): ${what}`, async () => {
    await using rig = await tlsRig({ trusted, rules: rules(rule) })
    await using other = await tlsRig({ trusted, rules: rules() })
    other.agent.handle('MESSAGE', (tx) => tx.respond(createResponse(tx.request, 200)))
    const peer = { transport: 'tls', host: '127.0.0.1', port: other.tls } as const
    const asked = message('sips:bob@elsewhere.example.com')
    const found = await rig.agent.request(asked, { ...peer, domain: 'elsewhere.example.com' })
    assert.equal(found.status, status)
  })
}

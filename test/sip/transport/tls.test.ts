import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { issueCertificate, type Made, makeAuthority } from '../../../src/ops/certificate-maker.ts'
import { TrustedPeers } from '../../../src/sip/auth/trusted-peers.ts'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { startRig } from '../rig.ts'
import { headerOf, requestText, StreamPeer, statusOf } from '../wire.ts'

let authority: Made
let server: Made
let proxy: Made
let stranger: Made

before(async () => {
  const now = Date.now()
  authority = await makeAuthority(now)
  server = await issueCertificate(authority, ['server.example.com'], now)
  proxy = await issueCertificate(authority, ['proxy.example.com'], now)
  stranger = await issueCertificate(await makeAuthority(now), ['proxy.example.com'], now)
})

function identity({ certificatePem, keyPem }: Made) {
  return { cert: certificatePem, key: keyPem }
}

function startTls(verify = true) {
  const settings = { ...identity(server), ca: authority.certificatePem }
  return startRig({
    tls: settings,
    tlsClient: { context: () => createSecureContext(settings), verify },
    trustedPeers: new TrustedPeers(['proxy.example.com']),
  })
}

test('a client without a certificate is served, and not trusted', async () => {
  await using rig = await startTls()
  const trusted = Promise.withResolvers<boolean>()
  rig.agent.handle('MESSAGE', (tx) => {
    trusted.resolve(tx.trusted)
    tx.respond(createResponse(tx.request, 200))
  })
  await using phone = await StreamPeer.tls(rig.tls, {
    ca: authority.certificatePem,
    servername: 'server.example.com',
  })
  phone.send(requestText({ method: 'MESSAGE', transport: 'TLS' }))
  assert.equal(statusOf(await phone.next()), 200)
  assert.equal(await trusted.promise, false)
})

test('a peer is trusted by the name in a certificate of our authority, and of no other', async () => {
  await using rig = await startTls()
  const trusted: boolean[] = []
  rig.agent.handle('MESSAGE', (tx) => {
    trusted.push(tx.trusted)
    tx.respond(createResponse(tx.request, 200))
  })
  for (const certificate of [proxy, server, stranger]) {
    await using peer = await StreamPeer.tls(rig.tls, {
      ...identity(certificate),
      rejectUnauthorized: false,
    })
    peer.send(requestText({ method: 'MESSAGE', transport: 'TLS' }))
    assert.equal(statusOf(await peer.next()), 200)
  }
  assert.deepEqual(trusted, [true, false, false])
})

test('we connect by TLS to a peer that proves its name, and to no other', async () => {
  await using rig = await startTls()
  await using other = await startTls()
  const ask = () =>
    new SipRequest({
      method: 'OPTIONS',
      uri: 'sips:server.example.com',
      headers: [
        ['From', '<sips:a.example.com>;tag=1'],
        ['To', '<sips:server.example.com>'],
        ['Call-ID', 'tls'],
        ['CSeq', '1 OPTIONS'],
      ],
    })
  const peer = { transport: 'tls', host: '127.0.0.1', port: other.tls } as const
  const wrong = await rig.agent.request(ask(), { ...peer, domain: 'elsewhere.example.com' })
  assert.equal(wrong.status, 503)
  const right = await rig.agent.request(ask(), { ...peer, domain: 'server.example.com' })
  assert.equal(right.status, 200)
  assert.match(
    right.headers.get('Via') ?? '',
    new RegExp(`^SIP/2\\.0/TLS 127\\.0\\.0\\.1:${rig.tls};`),
  )
})

test('bytes that are no handshake end that connection only', async () => {
  await using rig = await startTls()
  await using noise = await StreamPeer.tcp(rig.tls)
  noise.send('OPTIONS sip:example.com SIP/2.0\r\n\r\n')
  await noise.closed
  await using phone = await StreamPeer.tls(rig.tls, { rejectUnauthorized: false })
  phone.send(requestText({ transport: 'TLS' }))
  assert.equal(headerOf(await phone.next(), 'CSeq'), '1 OPTIONS')
})

test('a renewed certificate is shown from then on', async () => {
  await using rig = await startTls()
  rig.transports.renewTls({ ...identity(proxy), ca: authority.certificatePem })
  await using phone = await StreamPeer.tls(rig.tls, {
    ca: authority.certificatePem,
    servername: 'proxy.example.com',
  })
  phone.send(requestText({ transport: 'TLS' }))
  assert.equal(statusOf(await phone.next()), 200)
})

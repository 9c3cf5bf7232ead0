/** RFC 5923: connections used the other way, and who may not have his used so. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { issueCertificate, type Made, makeAuthority } from '../../../src/ops/certificate-maker.ts'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { freePort } from '../../interop/drivers/free-port.ts'
import { startRig } from '../rig.ts'
import { headerOf, requestText, responseText, StreamPeer, statusOf } from '../wire.ts'

let authority: Made
let here: Made
let proxy: Made
let other: Made

before(async () => {
  const now = Date.now()
  authority = await makeAuthority(now)
  here = await issueCertificate(authority, ['here.example.com'], now)
  proxy = await issueCertificate(authority, ['proxy.example.com', 'example.net'], now)
  other = await issueCertificate(authority, ['other.example.com'], now)
})

function settingsOf({ certificatePem, keyPem }: Made) {
  return { cert: certificatePem, key: keyPem, ca: authority.certificatePem }
}

function start(certificate = here, verify = true) {
  const settings = settingsOf(certificate)
  return startRig({
    tls: settings,
    tlsClient: { context: () => createSecureContext(settings), verify },
  })
}

function connectAs(port: number, certificate: Made | undefined): Promise<StreamPeer> {
  const identity = certificate ? settingsOf(certificate) : {}
  return StreamPeer.tls(port, { ...identity, rejectUnauthorized: false })
}

/** A request that asks for an alias of 127.0.0.1 at `port`. */
async function offer(peer: StreamPeer, port: number, viaParams = ';alias'): Promise<void> {
  peer.send(requestText({ transport: 'TLS', sentBy: `127.0.0.1:${port}`, viaParams }))
  assert.equal(statusOf(await peer.next()), 200)
}

function message(domain: string) {
  return new SipRequest({
    method: 'MESSAGE',
    uri: `sips:bob@${domain}`,
    headers: [
      ['From', '<sips:alice@here.example.com>;tag=1'],
      ['To', `<sips:bob@${domain}>`],
      ['Call-ID', crypto.randomUUID()],
      ['CSeq', '1 MESSAGE'],
    ],
  })
}

const to = (port: number, domain: string) =>
  ({ transport: 'tls', host: '127.0.0.1', port, domain }) as const

test('requests to a name of the certificate, at the address of the Via, take the peer’s connection (§8.2)', async () => {
  await using rig = await start()
  const port = await freePort()
  await using peer = await connectAs(rig.tls, proxy)
  await offer(peer, port)
  for (const domain of ['proxy.example.com', 'Example.NET']) {
    const asked = rig.agent.request(message(domain), to(port, domain))
    peer.send(responseText(await peer.next(), '200 OK'))
    assert.equal((await asked).status, 200, domain)
  }
})

test('a Via without a port stands for 5061 (§8.2)', async () => {
  await using rig = await start()
  await using peer = await connectAs(rig.tls, proxy)
  peer.send(requestText({ transport: 'TLS', sentBy: 'proxy.example.com', viaParams: ';alias' }))
  await peer.next()
  const asked = rig.agent.request(message('example.net'), to(5061, 'example.net'))
  peer.send(responseText(await peer.next(), '200 OK'))
  assert.equal((await asked).status, 200)
})

const HIJACKS: [what: string, certificate: () => Made | undefined, viaParams: string][] = [
  ['a certificate for another name', () => other, ';alias'],
  ['no certificate', () => undefined, ';alias'],
  ['the right certificate, without asking', () => proxy, ''],
]

for (const [what, certificate, viaParams] of HIJACKS) {
  for (const verify of [true, false]) {
    test(`with ${what} nobody gets what is meant for another (§9.2, tlsVerify ${verify})`, async () => {
      await using rig = await start(here, verify)
      const port = await freePort()
      await using peer = await connectAs(rig.tls, certificate())
      await offer(peer, port, viaParams)
      const asked = await rig.agent.request(
        message('proxy.example.com'),
        to(port, 'proxy.example.com'),
      )
      assert.equal(asked.status, 503, 'it tried the address itself, where nobody listens')
      assert.equal(peer.inbox.waiting, 0)
    })
  }
}

test('who comes later does not take an alias away, and gets it when the first is gone', async () => {
  await using rig = await start()
  const port = await freePort()
  await using first = await connectAs(rig.tls, proxy)
  await offer(first, port)
  await using second = await connectAs(rig.tls, proxy)
  await offer(second, port)
  const domain = 'proxy.example.com'
  const asked = rig.agent.request(message(domain), to(port, domain))
  first.send(responseText(await first.next(), '200 OK'))
  assert.equal((await asked).status, 200)
  const gone = new Promise<void>((resolve) => rig.transports.onFlowClosed(() => resolve()))
  await first[Symbol.asyncDispose]()
  await gone
  await offer(second, port + 1)
  const again = rig.agent.request(message(domain), to(port + 1, domain))
  second.send(responseText(await second.next(), '200 OK'))
  assert.equal((await again).status, 200)
})

test('a plain TCP connection is nobody’s alias', async () => {
  await using rig = await start()
  const port = await freePort()
  await using peer = await StreamPeer.tcp(rig.tcp)
  peer.send(requestText({ transport: 'TCP', sentBy: `127.0.0.1:${port}`, viaParams: ';alias' }))
  assert.equal(statusOf(await peer.next()), 200)
  const asked = await rig.agent.request(message('proxy.example.com'), {
    transport: 'tcp',
    host: '127.0.0.1',
    port,
  })
  assert.equal(asked.status, 503)
  assert.equal(peer.inbox.waiting, 0)
})

test('our own requests over TLS offer theirs, and what comes back by it is taken (§8.1)', async () => {
  await using near = await start(here)
  await using far = await start(proxy)
  let via = ''
  far.agent.handle('MESSAGE', (tx) => {
    via = tx.request.headers.get('Via') ?? ''
    tx.respond(createResponse(tx.request, 200))
  })
  near.agent.handle('MESSAGE', (tx) => tx.respond(createResponse(tx.request, 202)))
  const sent = await near.agent.request(
    message('proxy.example.com'),
    to(far.tls, 'proxy.example.com'),
  )
  assert.equal(sent.status, 200)
  assert.match(via, new RegExp(`^SIP/2\\.0/TLS 127\\.0\\.0\\.1:${near.tls};alias;branch=`))
  const back = await far.agent.request(
    message('here.example.com'),
    to(near.tls, 'here.example.com'),
  )
  assert.equal(back.status, 202)
  assert.equal(near.transports.connections, 1, 'one connection for both ways')
  assert.equal(far.transports.connections, 1)
})

test('over TCP there is nothing to offer', async () => {
  await using near = await start(here)
  await using far = await start(proxy)
  const asked = await near.agent.request(
    new SipRequest({
      method: 'OPTIONS',
      uri: 'sip:example.net',
      headers: [
        ['From', '<sip:a@example.com>;tag=1'],
        ['To', '<sip:example.net>'],
        ['Call-ID', 'c'],
        ['CSeq', '1 OPTIONS'],
      ],
    }),
    { transport: 'tcp', host: '127.0.0.1', port: far.tcp },
  )
  assert.doesNotMatch(headerOf(`Via: ${asked.headers.get('Via')}`, 'Via'), /alias/)
})

/** IPv6 on every transport: brackets in Via and Contact, none in `received` (RFC 3261 §19.1.1, RFC 5118 §4.5). */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { createSecureContext, connect as tlsConnect } from 'node:tls'
import { WebSocket } from 'ws'
import { openHttpListener } from '../../../src/net/http-listener.ts'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { sipOverWebSocket } from '../../../src/sip/transport/websocket/websocket-part.ts'
import { SystemClock } from '../../../src/util/clock.ts'
import { testIdentity } from '../../support/certificate.ts'
import { startRig } from '../rig.ts'
import { headerOf, requestText, responseText, StreamPeer, statusOf, UdpPeer } from '../wire.ts'

const HERE = { host: '::1', port: 0 }

async function start() {
  const identity = await testIdentity(['localhost'])
  const rig = await startRig({
    tlsClient: { context: () => createSecureContext(identity), verify: false },
  })
  const contacts: string[] = []
  rig.agent.handle('SUBSCRIBE', (tx) => {
    contacts.push(tx.contact)
    tx.respond(createResponse(tx.request, 200))
  })
  const { transports } = rig
  return {
    ...rig,
    contacts,
    udp6: (await transports.listenUdp(HERE)).port,
    tcp6: (await transports.listenTcp(HERE)).port,
    tls6: (await transports.listenTls(HERE, identity)).port,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  }
}

test('over UDP', async () => {
  await using rig = await start()
  await using phone = await UdpPeer.open(rig.udp6, '::1')
  phone.send(requestText({ method: 'SUBSCRIBE', sentBy: `[2001:db8::9]:${phone.port}` }))
  const answer = await phone.next()
  assert.equal(statusOf(answer), 200)
  assert.match(headerOf(answer, 'Via'), /UDP \[2001:db8::9\]:\d+;.*;received=::1;rport=\d+$/)
  assert.deepEqual(rig.contacts, [`sip:[::1]:${rig.udp6}`])
  const asked = rig.agent.request(options(`sip:[::1]:${phone.port}`))
  const request = await phone.next()
  assert.match(headerOf(request, 'Via'), new RegExp(`UDP \\[::1\\]:${rig.udp6};`))
  phone.send(responseText(request, '200 OK'))
  assert.equal((await asked).status, 200)
})

for (const transport of ['tcp', 'tls'] as const) {
  test(`over ${transport}, both ways`, async () => {
    await using rig = await start()
    const port = transport === 'tcp' ? rig.tcp6 : rig.tls6
    const socket =
      transport === 'tcp'
        ? connect(port, '::1')
        : tlsConnect({ port, host: '::1', rejectUnauthorized: false })
    await once(socket, transport === 'tcp' ? 'connect' : 'secureConnect')
    await using phone = new StreamPeer(socket)
    const name = transport === 'tcp' ? 'TCP' : 'TLS'
    phone.send(requestText({ method: 'SUBSCRIBE', transport: name, sentBy: 'phone.invalid' }))
    const answer = await phone.next()
    assert.equal(statusOf(answer), 200)
    assert.match(headerOf(answer, 'Via'), /;received=::1;rport=\d+$/)
    assert.deepEqual(rig.contacts, [`sip:[::1]:${port};transport=${transport}`])

    await using other = await start()
    const at = transport === 'tcp' ? other.tcp6 : other.tls6
    const found = await rig.agent.request(options(`sip:[::1]:${at};transport=${transport}`))
    assert.equal(found.status, 200)
    assert.match(found.headers.get('Via') ?? '', new RegExp(`/${name} \\[::1\\]:\\d+;`))
  })
}

test('over a WebSocket', async () => {
  await using rig = await start()
  const rules = { paths: ['/sip-ws'], pingMs: 0, trustedProxies: [], publicUrl: undefined }
  const part = sipOverWebSocket(
    { clock: new SystemClock(), transports: rig.transports },
    { ...rules, allowedOrigins: ['*'] },
  )
  assert.ok(part)
  const at = { ...HERE, maxConnections: 10, tls: undefined }
  await using listener = await openHttpListener(at, [part])
  const socket = new WebSocket(`ws://[::1]:${listener.port}/sip-ws`, 'sip')
  await once(socket, 'open')
  socket.send(requestText({ method: 'SUBSCRIBE', sentBy: 'x.invalid' }).replace('/UDP', '/WS'))
  const [answer] = await once(socket, 'message')
  assert.match(headerOf(String(answer), 'Via'), /;received=::1;rport=\d+$/)
  assert.deepEqual(rig.contacts, [`sip:[::1]:${listener.port};transport=ws`])
  socket.terminate()
})

test('a listener on :: speaks IPv4 too, and shows each its own address', async () => {
  await using rig = await start()
  const { port } = await rig.transports.listenUdp({ host: '::', port: 0 })
  for (const [host, shown] of [
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '[::1]'],
  ]) {
    await using phone = await UdpPeer.open(port, host)
    phone.send(requestText({ method: 'SUBSCRIBE', sentBy: 'phone.invalid' }))
    assert.match(headerOf(await phone.next(), 'Via'), new RegExp(`;received=${host};`))
    assert.equal(rig.contacts.at(-1), `sip:${shown}:${port}`)
  }
})

function options(uri: string) {
  return new SipRequest({
    method: 'OPTIONS',
    uri,
    headers: [
      ['From', '<sip:a.example.com>;tag=1'],
      ['To', `<${uri}>`],
      ['Call-ID', crypto.randomUUID()],
      ['CSeq', '1 OPTIONS'],
    ],
  })
}

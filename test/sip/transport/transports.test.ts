import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import type { Peer } from '../../../src/sip/user-agent.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startRig } from '../rig.ts'
import { headerOf, requestText, responseText, StreamPeer, statusOf, UdpPeer } from '../wire.ts'

const HOST = '127.0.0.1'

function notify(peer: Pick<Peer, 'host' | 'port'>, body = ''): SipRequest {
  return new SipRequest({
    method: 'NOTIFY',
    uri: `sip:bob@${peer.host}:${peer.port}`,
    headers: [
      ['From', '<sip:alice@example.com>;tag=s'],
      ['To', '<sip:bob@example.com>;tag=c'],
      ['Call-ID', 'large'],
      ['CSeq', '1 NOTIFY'],
    ],
    body,
  })
}

test('a UDP request with rport is answered where it came from, and told from where that was', async () => {
  await using rig = await startRig()
  await using phone = await UdpPeer.open(rig.udp)
  phone.send(requestText({ sentBy: '10.9.9.9:5060' }))
  const answer = await phone.next()
  assert.equal(statusOf(answer), 200)
  const via = headerOf(answer, 'Via')
  assert.match(via, /;received=127\.0\.0\.1/)
  assert.match(via, new RegExp(`;rport=${phone.port}`))
})

test('without rport the answer goes to the port of sent-by, at the address it came from', async () => {
  await using rig = await startRig()
  await using phone = await UdpPeer.open(rig.udp)
  await using other = await UdpPeer.open(rig.udp)
  phone.send(requestText({ sentBy: `10.9.9.9:${other.port}`, viaParams: '' }))
  assert.match(headerOf(await other.next(), 'Via'), /;received=127\.0\.0\.1/)
})

test('a received or rport value that the sender wrote himself does not aim the answer', async () => {
  await using rig = await startRig()
  await using phone = await UdpPeer.open(rig.udp)
  phone.send(requestText({ viaParams: ';received=198.51.100.1;rport=9' }))
  const via = headerOf(await phone.next(), 'Via')
  assert.ok(!via.includes('198.51.100.1'), via)
  assert.match(via, new RegExp(`;rport=${phone.port}`))
})

test('IPv6 peers are served by an IPv6 listener', async () => {
  await using rig = await startRig()
  const { port } = await rig.transports.listenUdp({ host: '::1', port: 0 })
  await using phone = await UdpPeer.open(port, '::1')
  phone.send(requestText({ sentBy: '[2001:db8::1]:5060' }))
  const answer = await phone.next()
  assert.equal(statusOf(answer), 200)
  assert.match(headerOf(answer, 'Via'), /;received=::1|;received=\[::1\]/)
})

test('requests over TCP may come in pieces and several at once', async () => {
  await using rig = await startRig()
  await using phone = await StreamPeer.tcp(rig.tcp)
  phone.socket.setNoDelay(true)
  const first = requestText({ transport: 'TCP', callId: 'first' })
  for (const byte of first) phone.send(byte)
  assert.equal(headerOf(await phone.next(), 'Call-ID'), 'first')
  phone.send(
    ['second', 'third'].map((callId) => requestText({ transport: 'TCP', callId })).join(''),
  )
  assert.equal(headerOf(await phone.next(), 'Call-ID'), 'second')
  assert.equal(headerOf(await phone.next(), 'Call-ID'), 'third')
})

test('a keep-alive over TCP is answered (RFC 5626 §3.5.1)', async () => {
  await using rig = await startRig()
  await using phone = await StreamPeer.tcp(rig.tcp)
  phone.send('\r\n\r\n')
  assert.equal(await phone.next(), '\r\n')
})

test('a response whose connection is gone goes by a new one to the address in Via', async () => {
  await using rig = await startRig()
  const listener = createServer().listen(0, HOST)
  await once(listener, 'listening')
  const address = listener.address()
  assert.ok(address && typeof address === 'object')
  const gone = Promise.withResolvers<void>()
  rig.agent.handle('MESSAGE', async (tx) => {
    await gone.promise
    tx.respond(createResponse(tx.request, 202))
  })
  const phone = await StreamPeer.tcp(rig.tcp)
  phone.send(
    requestText({ method: 'MESSAGE', transport: 'TCP', sentBy: `10.9.9.9:${address.port}` }),
  )
  while (rig.transports.connections === 0) await new Promise((resolve) => setImmediate(resolve))
  await phone[Symbol.asyncDispose]()
  while (rig.transports.connections > 0) await new Promise((resolve) => setImmediate(resolve))
  gone.resolve()
  const [socket] = await once(listener, 'connection')
  await using answered = new StreamPeer(socket)
  assert.equal(statusOf(await answered.next()), 202)
  listener.close()
})

test('a request to a client goes by the connection that the client opened', async () => {
  await using rig = await startRig()
  const source = Promise.withResolvers<Peer>()
  rig.agent.handle('MESSAGE', (tx) => {
    source.resolve(tx.source)
    tx.respond(createResponse(tx.request, 200))
  })
  await using phone = await StreamPeer.tcp(rig.tcp)
  phone.send(requestText({ method: 'MESSAGE', transport: 'TCP' }))
  const peer = await source.promise
  await phone.next()
  const byFlow = rig.agent.request(notify(peer), peer)
  phone.send(responseText(await phone.next(), '200 OK'))
  assert.equal((await byFlow).status, 200)
  const { flow: _flow, ...byAddress } = peer
  const again = rig.agent.request(notify(peer), byAddress)
  const request = await phone.next()
  assert.match(headerOf(request, 'Via'), new RegExp(`^SIP/2\\.0/TCP 127\\.0\\.0\\.1:${rig.tcp};`))
  phone.send(responseText(request, '481 Gone'))
  assert.equal((await again).status, 481)
  assert.equal(rig.transports.connections, 1)
})

test('a request whose connection closes is answered 503 at once', async () => {
  await using rig = await startRig()
  const source = Promise.withResolvers<Peer>()
  rig.agent.handle('MESSAGE', (tx) => source.resolve(tx.source))
  await using phone = await StreamPeer.tcp(rig.tcp)
  phone.send(requestText({ method: 'MESSAGE', transport: 'TCP' }))
  const peer = await source.promise
  const answer = rig.agent.request(notify(peer), peer)
  await phone.next()
  phone.socket.destroy()
  assert.equal((await answer).status, 503)
})

/** UDP and TCP on one port: another one where somebody else has it for TCP. */
async function openBoth(server: Awaited<ReturnType<typeof startRig>>['udp']) {
  for (;;) {
    const udp = await UdpPeer.open(server)
    const listener = createServer().listen(udp.port, HOST)
    try {
      await once(listener, 'listening')
      return { udp, listener }
    } catch {
      await udp[Symbol.asyncDispose]()
    }
  }
}

test('a request too long for UDP goes by TCP, and by UDP where nobody accepts that', async () => {
  await using rig = await startRig()
  await using phone = await UdpPeer.open(rig.udp)
  const peer = { transport: 'udp', host: HOST, port: phone.port } as const
  const body = 'x'.repeat(2_000)

  const fallback = rig.agent.request(notify(peer, body), peer)
  const datagram = await phone.next()
  assert.match(headerOf(datagram, 'Via'), /^SIP\/2\.0\/UDP /)
  phone.send(responseText(datagram, '200 OK'))
  assert.equal((await fallback).status, 200)

  // Another one: that the first accepts no connection is remembered for a while.
  const { udp, listener } = await openBoth(rig.udp)
  await using desk = udp
  const connected = once(listener, 'connection')
  const deskPeer = { transport: 'udp', host: HOST, port: desk.port } as const
  const switched = rig.agent.request(notify(deskPeer, body), deskPeer)
  const [socket] = await connected
  await using stream = new StreamPeer(socket)
  const request = await stream.next()
  assert.match(headerOf(request, 'Via'), new RegExp(`^SIP/2\\.0/TCP 127\\.0\\.0\\.1:${rig.tcp};`))
  stream.send(responseText(request, '200 OK'))
  assert.equal((await switched).status, 200)
  assert.equal(desk.inbox.waiting, 0)
  listener.close()
})

test('one address may have so many connections, and all together so many', async () => {
  await using rig = await startRig({ limits: { maxConnectionsPerAddress: 2 } })
  await using first = await StreamPeer.tcp(rig.tcp)
  const second = await StreamPeer.tcp(rig.tcp)
  await using third = await StreamPeer.tcp(rig.tcp)
  await third.closed
  first.send(requestText({ transport: 'TCP' }))
  assert.equal(statusOf(await first.next()), 200)

  await second[Symbol.asyncDispose]()
  while (rig.transports.connections > 1) await new Promise((resolve) => setImmediate(resolve))
  await using fourth = await StreamPeer.tcp(rig.tcp)
  fourth.send(requestText({ transport: 'TCP' }))
  assert.equal(statusOf(await fourth.next()), 200)
})

test('a connection that says nothing is closed, and one that falls silent later', async () => {
  const clock = new FakeClock()
  await using rig = await startRig({ clock, limits: { firstMessageMs: 10_000, idleMs: 60_000 } })
  await using silent = await StreamPeer.tcp(rig.tcp)
  await using talker = await StreamPeer.tcp(rig.tcp)
  talker.send(requestText({ transport: 'TCP' }))
  await talker.next()
  while (rig.transports.connections < 2) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(10_000)
  await silent.closed
  clock.advance(40_000)
  talker.send('\r\n\r\n')
  await talker.next()
  clock.advance(59_000)
  assert.equal(rig.transports.connections, 1)
  clock.advance(1_000)
  await talker.closed
})

test('a peer that does not read loses its connection', async () => {
  await using rig = await startRig({ limits: { maxQueuedBytes: 100_000 } })
  const source = Promise.withResolvers<Peer>()
  rig.agent.handle('MESSAGE', (tx) => source.resolve(tx.source))
  await using phone = await StreamPeer.tcp(rig.tcp)
  phone.send(requestText({ method: 'MESSAGE', transport: 'TCP' }))
  const peer = await source.promise
  phone.socket.pause()
  const body = 'x'.repeat(50_000)
  const answers: Promise<number>[] = []
  while (rig.transports.connections > 0) {
    answers.push(rig.agent.request(notify(peer, body), peer).then(({ status }) => status))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok((await Promise.all(answers)).every((status) => status === 503))
})

test('a peer that does not read its answers is not read, and loses its connection in time', async () => {
  const clock = new FakeClock()
  await using rig = await startRig({ clock, limits: { maxQueuedBytes: 2 ** 30, stallMs: 32_000 } })
  let answered = 0
  rig.agent.handle('MESSAGE', (tx) => {
    answered += 1
    tx.respond(createResponse(tx.request, 200))
  })
  await using phone = await StreamPeer.tcp(rig.tcp)
  phone.socket.pause()
  const total = 5_000
  const headers = [`Via: SIP/2.0/TCP a.example;branch=z9hG4bK1;x=${'x'.repeat(4_000)}`]
  for (let i = 0; i < total; i += 1) {
    phone.send(requestText({ method: 'MESSAGE', transport: 'TCP', headers }))
  }
  for (let still = 0, before = 0; still < 500; still += 1) {
    if (answered > before) still = 0
    before = answered
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(answered < total, `${answered} answers wait for a peer that does not read them`)
  clock.advance(32_000)
  phone.socket.resume()
  await phone.closed
})

test('a message that is begun and not finished closes the connection, however it trickles in', async () => {
  const clock = new FakeClock()
  await using rig = await startRig({ clock, limits: { stallMs: 32_000 } })
  await using phone = await StreamPeer.tcp(rig.tcp)
  phone.send(requestText({ transport: 'TCP' }))
  await phone.next()
  const second = requestText({ transport: 'TCP' })
  phone.send(second.slice(0, 50))
  for (let at = 50; at < 60; at += 1) {
    phone.send(second.slice(at, at + 1))
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(4_000)
  }
  await phone.closed
})

test('a message that is too long closes the connection', async () => {
  await using rig = await startRig({ limits: { maxMessageBytes: 4_000 } })
  await using phone = await StreamPeer.tcp(rig.tcp)
  phone.send(requestText({ transport: 'TCP', body: 'x'.repeat(5_000) }))
  await phone.closed
})

test('what cannot be understood is refused where that is possible, and the listener lives on', async () => {
  await using rig = await startRig()
  await using phone = await UdpPeer.open(rig.udp)
  phone.send('\r\n\r\n')
  phone.send('\u0000\u0001binary')
  phone.send('GET / HTTP/1.1\r\n\r\n')
  phone.send(requestText().replace('SIP/2.0\r\n', 'SIP/7.0\r\n'))
  assert.equal(statusOf(await phone.next()), 505)
  phone.send(requestText().replace(/^CSeq.*$/m, 'CSeq: nonsense OPTIONS'))
  assert.equal(statusOf(await phone.next()), 400)
  phone.send(requestText())
  assert.equal(statusOf(await phone.next()), 200)
})

test('Contact shows the address that the peer reaches, or the one that the operator advertises', async () => {
  await using rig = await startRig()
  const { port } = await rig.transports.listenUdp({ host: '0.0.0.0', port: 0 })
  const contact = Promise.withResolvers<string>()
  rig.agent.handle('MESSAGE', (tx) => contact.resolve(tx.contact))
  await using phone = await UdpPeer.open(port)
  phone.send(requestText({ method: 'MESSAGE' }))
  assert.equal(await contact.promise, `sip:127.0.0.1:${port}`)

  await using advertised = await startRig({ advertise: 'sip.example.com' })
  assert.equal(
    advertised.agent.contactFor({ transport: 'tcp', host: HOST, port: 9 }),
    `sip:sip.example.com:${advertised.tcp};transport=tcp`,
  )
})

test('a port that is taken makes listening fail', async () => {
  await using rig = await startRig()
  const isTaken = (error: unknown) =>
    error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  await assert.rejects(rig.transports.listenUdp({ host: HOST, port: rig.udp }), isTaken)
  await assert.rejects(rig.transports.listenTcp({ host: HOST, port: rig.tcp }), isTaken)
})

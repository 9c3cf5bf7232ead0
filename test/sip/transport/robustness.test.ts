/** What a peer may do without harm to others: TLS and TCP, in the ways that the other tests of transports do not show. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { createResponse } from '../../../src/sip/message/respond.ts'
import type { NameResolver } from '../../../src/sip/transport/dns/records.ts'
import { freePort } from '../../interop/drivers/free-port.ts'
import { testIdentity } from '../../support/certificate.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startRig } from '../rig.ts'
import { requestText, StreamPeer, statusOf } from '../wire.ts'

const open = (port: number) => StreamPeer.tls(port, { rejectUnauthorized: false })

async function ask(peer: StreamPeer, transport: 'TCP' | 'TLS'): Promise<number> {
  peer.send(requestText({ transport }))
  return statusOf(await peer.next())
}

test('a TLS handshake that is never made ends the connection, and the seat is free again', async () => {
  const tls = await testIdentity(['localhost'])
  const limits = { firstMessageMs: 300, maxConnectionsPerAddress: 1 }
  await using rig = await startRig({ tls, limits })
  await using halfOpen = await StreamPeer.tcp(rig.tls)
  await halfOpen.closed
  while (!rig.transports.hasRoomFor('127.0.0.1', 'tls')) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  await using phone = await open(rig.tls)
  assert.equal(await ask(phone, 'TLS'), 200)
})

test('there may be so many connections in TLS; those over TCP are not fewer for it', async () => {
  const tls = await testIdentity(['localhost'])
  await using rig = await startRig({ tls, limits: { maxTlsConnections: 1 } })
  const first = await open(rig.tls)
  assert.equal(await ask(first, 'TLS'), 200)
  await assert.rejects(open(rig.tls))
  await using plain = await StreamPeer.tcp(rig.tcp)
  assert.equal(await ask(plain, 'TCP'), 200)
  await first[Symbol.asyncDispose]()
  while (rig.transports.connections > 1) await new Promise((resolve) => setImmediate(resolve))
  await using second = await open(rig.tls)
  assert.equal(await ask(second, 'TLS'), 200)
})

test('a TLS peer that does not read its answers is not read either, and loses its connection', async () => {
  const tls = await testIdentity(['localhost'])
  const clock = new FakeClock()
  await using rig = await startRig({ tls, clock, limits: { stallMs: 32_000 } })
  let handled = 0
  rig.agent.handle('MESSAGE', (tx) => {
    handled += 1
    const response = createResponse(tx.request, 200)
    response.body = Buffer.alloc(50_000, 'x')
    tx.respond(response)
  })
  let isGone = false
  rig.transports.onFlowClosed(() => {
    isGone = true
  })
  await using phone = await open(rig.tls)
  assert.equal(await ask(phone, 'TLS'), 200)
  phone.socket.pause()
  for (let sent = 0; sent < 2_000; sent += 1) {
    phone.send(requestText({ method: 'MESSAGE', transport: 'TLS' }))
  }
  while (!isGone) {
    clock.advance(32_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(handled > 0 && handled < 2_000, `${handled}`)
})

test('a flood of connections from one address leaves the others theirs', async () => {
  await using rig = await startRig({ limits: { maxConnectionsPerAddress: 20 } })
  const flood = await Promise.all(Array.from({ length: 200 }, () => StreamPeer.tcp(rig.tcp)))
  const { port } = await rig.transports.listenTcp({ host: '127.0.0.2', port: 0 })
  const other = connect({ port, host: '127.0.0.2', localAddress: '127.0.0.3' })
  await once(other, 'connect')
  await using phone = new StreamPeer(other)
  assert.equal(await ask(phone, 'TCP'), 200)
  assert.ok(rig.transports.connections <= 21)
  for (const peer of flood) await peer[Symbol.asyncDispose]()
})

test('a connection may be silent for ever where the operator says so', async () => {
  const clock = new FakeClock()
  await using rig = await startRig({ clock, limits: { idleMs: Infinity } })
  await using phone = await StreamPeer.tcp(rig.tcp)
  assert.equal(await ask(phone, 'TCP'), 200)
  clock.advance(30 * 86_400_000)
  assert.equal(await ask(phone, 'TCP'), 200)
})

test('an answer that nobody takes where its request came from goes where the Via’s name leads (RFC 3263 §5)', async () => {
  const port = await freePort()
  const resolver: NameResolver = {
    naptr: async () => [],
    srv: async () => [],
    addresses: async (name) => (name === 'proxy.example.com' ? ['127.0.0.2'] : []),
  }
  await using rig = await startRig({ resolver })
  const elsewhere = createServer().listen(port, '127.0.0.2')
  await once(elsewhere, 'listening')
  const gone = Promise.withResolvers<void>()
  rig.agent.handle('MESSAGE', async (tx) => {
    await gone.promise
    tx.respond(createResponse(tx.request, 202))
  })
  const closed = new Promise<void>((resolve) => rig.transports.onFlowClosed(() => resolve()))
  const proxy = await StreamPeer.tcp(rig.tcp)
  const sentBy = `proxy.example.com:${port}`
  proxy.send(requestText({ method: 'MESSAGE', transport: 'TCP', sentBy }))
  while (rig.transports.connections === 0) await new Promise((resolve) => setImmediate(resolve))
  await proxy[Symbol.asyncDispose]()
  await closed
  gone.resolve()
  const [socket] = await once(elsewhere, 'connection')
  await using answered = new StreamPeer(socket)
  assert.equal(statusOf(await answered.next()), 202)
  elsewhere.close()
})

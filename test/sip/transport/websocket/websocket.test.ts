/** RFC 7118: SIP over WebSocket, on an HTTP listener of its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { openHttpListener } from '../../../../src/net/http-listener.ts'
import { TrustedPeers } from '../../../../src/sip/auth/trusted-peers.ts'
import { SipRequest } from '../../../../src/sip/message/message.ts'
import { createResponse } from '../../../../src/sip/message/respond.ts'
import {
  sipOverWebSocket,
  type WebSocketRules,
} from '../../../../src/sip/transport/websocket/websocket-part.ts'
import { SystemClock } from '../../../../src/util/clock.ts'
import { testIdentity } from '../../../support/certificate.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { type RigOptions, startRig } from '../../rig.ts'
import { headerOf, requestText, responseText, statusOf } from '../../wire.ts'

interface Options extends RigOptions {
  webSocket?: Partial<WebSocketRules>
  secure?: boolean
}

async function start({ webSocket, secure = false, ...options }: Options = {}) {
  const { clock = new SystemClock() } = options
  const rig = await startRig({ ...options, clock })
  const part = sipOverWebSocket(
    { clock, transports: rig.transports },
    {
      paths: ['/sip-ws'],
      pingMs: 0,
      trustedProxies: [],
      allowedOrigins: ['*'],
      publicUrl: undefined,
      ...webSocket,
    },
  )
  assert.ok(part)
  const tls = secure
    ? { ...(await testIdentity(['localhost'])), minVersion: 'TLSv1.2' as const }
    : undefined
  const at = { host: '127.0.0.1', port: 0, maxConnections: 1000 }
  const listener = await openHttpListener({ ...at, tls }, [part])
  const url = `${secure ? 'wss' : 'ws'}://127.0.0.1:${listener.port}/sip-ws`
  return {
    rig,
    agent: rig.agent,
    port: listener.port,
    connect: (more: ConnectOptions = {}) => Client.connect(url, more),
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]()
      await listener[Symbol.asyncDispose]()
    },
  }
}

interface ConnectOptions {
  protocols?: string[]
  origin?: string
  headers?: Record<string, string>
  autoPong?: boolean
}

class Client implements AsyncDisposable {
  readonly socket: WebSocket
  readonly closed: Promise<number>
  readonly #arrived: { text: string; isBinary: boolean }[] = []
  readonly #waiting: ((message: { text: string; isBinary: boolean }) => void)[] = []

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('error', () => undefined) // 'close' follows
    this.closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('message', (data: Buffer, isBinary) => {
      const message = { text: data.toString('latin1'), isBinary }
      const waiting = this.#waiting.shift()
      if (waiting) waiting(message)
      else this.#arrived.push(message)
    })
  }

  /** Rejects with the status where no WebSocket is taken. */
  static async connect(url: string, { protocols = ['sip'], ...more }: ConnectOptions) {
    const socket = new WebSocket(url, protocols, { rejectUnauthorized: false, ...more })
    const refused = once(socket, 'unexpected-response').then(([, response]) => {
      throw new Error(`refused: ${(response as IncomingMessage).statusCode}`)
    })
    refused.catch(() => undefined)
    const client = new Client(socket)
    await Promise.race([once(socket, 'open'), refused])
    return client
  }

  send(message: string | Buffer): void {
    this.socket.send(message)
  }

  next(): Promise<{ text: string; isBinary: boolean }> {
    const message = this.#arrived.shift()
    if (message) return Promise.resolve(message)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate()
    await this.closed
  }
}

const HERE = { sentBy: 'df7jal23ls0d.invalid', viaParams: '' }

function asked(parts: Parameters<typeof requestText>[0] = {}, transport = 'WS') {
  return requestText({ ...HERE, ...parts }).replace('SIP/2.0/UDP', `SIP/2.0/${transport}`)
}

test('a request is a message, text or binary, and needs no Content-Length (§4.1, §5.3)', async () => {
  await using it = await start()
  await using client = await it.connect()
  assert.equal(client.socket.protocol, 'sip')
  client.send(asked())
  const answer = await client.next()
  assert.equal(statusOf(answer.text), 200)
  assert.equal(answer.isBinary, false)
  assert.match(
    headerOf(answer.text, 'Via'),
    /^SIP\/2\.0\/WS df7jal23ls0d\.invalid;.*;received=127\.0\.0\.1$/,
  )
  client.send(Buffer.from(asked().replace(/Content-Length: 0\r\n/, '')))
  assert.equal(statusOf((await client.next()).text), 200)
})

test('over TLS the transport is WSS, and our Contact says ws (§5.1, §5.2.2)', async () => {
  await using it = await start({ secure: true })
  let contact = ''
  it.agent.handle('SUBSCRIBE', (tx) => {
    contact = tx.contact
    assert.equal(tx.source.transport, 'wss')
    tx.respond(createResponse(tx.request, 200))
  })
  await using client = await it.connect()
  client.send(asked({ method: 'SUBSCRIBE' }, 'WSS'))
  assert.equal(statusOf((await client.next()).text), 200)
  assert.equal(contact, `sip:127.0.0.1:${it.port};transport=ws`)
})

test('requests to a client take its own connection, and none where that is gone (§5)', async () => {
  await using it = await start()
  const source = Promise.withResolvers<Parameters<typeof it.agent.contactFor>[0]>()
  it.agent.handle('SUBSCRIBE', (tx) => {
    source.resolve(tx.source)
    tx.respond(createResponse(tx.request, 200))
  })
  await using client = await it.connect()
  client.send(asked({ method: 'SUBSCRIBE' }))
  await client.next()
  const answered = it.agent.request(notify(), await source.promise)
  const sent = (await client.next()).text
  assert.match(sent, /^NOTIFY sip:bob@df7jal23ls0d\.invalid;transport=ws /)
  assert.match(headerOf(sent, 'Via'), new RegExp(`^SIP/2\\.0/WS 127\\.0\\.0\\.1:${it.port};`))
  client.send(responseText(sent, '200 OK'))
  assert.equal((await answered).status, 200)

  const lost = new Promise<void>((resolve) => it.rig.transports.onFlowClosed(() => resolve()))
  client.socket.terminate()
  await lost
  assert.equal((await it.agent.request(notify(), await source.promise)).status, 503)
  assert.equal((await it.agent.request(notify())).status, 503)
})

function notify() {
  return new SipRequest({
    method: 'NOTIFY',
    uri: 'sip:bob@df7jal23ls0d.invalid;transport=ws',
    headers: [
      ['From', '<sip:alice@example.com>;tag=1'],
      ['To', '<sip:bob@example.com>;tag=2'],
      ['Call-ID', crypto.randomUUID()],
      ['CSeq', '1 NOTIFY'],
    ],
  })
}

test('what is no UTF-8 comes as a binary message (§4.1)', async () => {
  await using it = await start()
  it.agent.handle('MESSAGE', (tx) => {
    const response = createResponse(tx.request, 200)
    response.body = Buffer.from([0xff, 0xfe])
    tx.respond(response)
  })
  await using client = await it.connect()
  client.send(asked({ method: 'MESSAGE' }))
  assert.equal((await client.next()).isBinary, true)
})

test('a double line break is answered with one (§6, RFC 5626 §3.5.1)', async () => {
  await using it = await start()
  await using client = await it.connect()
  client.send('\r\n\r\n')
  assert.equal((await client.next()).text, '\r\n')
})

test('rubbish costs a message, and not the connection', async () => {
  await using it = await start()
  await using client = await it.connect()
  client.send('what')
  client.send(Buffer.from([0, 1, 2, 255]))
  client.send(asked({ from: 'not an address <' }))
  assert.equal(statusOf((await client.next()).text), 400)
  client.send(asked())
  assert.equal(statusOf((await client.next()).text), 200)
})

test('a browser is trusted nowhere: any page could speak through it', async () => {
  await using it = await start({ trustedPeers: new TrustedPeers(['127.0.0.1']) })
  let trusted: boolean | undefined
  it.agent.handle('MESSAGE', (tx) => {
    trusted = tx.trusted
    tx.respond(createResponse(tx.request, 200))
  })
  await using client = await it.connect()
  client.send(asked({ method: 'MESSAGE' }))
  await client.next()
  assert.equal(trusted, false)
})

test('another subprotocol, origin or path gets no WebSocket (§4)', async () => {
  await using it = await start({ webSocket: { allowedOrigins: ['https://phone.example'] } })
  await assert.rejects(it.connect({ protocols: ['xmpp'] }), /refused: 400/)
  await assert.rejects(it.connect({ protocols: [] }), /refused: 400/)
  await assert.rejects(it.connect({ origin: 'https://evil.example' }), /refused: 403/)
  await using allowed = await it.connect({
    origin: 'https://phone.example',
    protocols: ['x', 'sip'],
  })
  assert.equal(allowed.socket.protocol, 'sip')
  const told = await fetch(`http://127.0.0.1:${it.port}/sip-ws`)
  assert.equal(told.status, 426)
  assert.equal((await fetch(`http://127.0.0.1:${it.port}/elsewhere`)).status, 404)
})

test('who stands behind a proxy of ours is counted and answered as himself', async () => {
  await using it = await start({
    webSocket: { trustedProxies: ['127.0.0.1'] },
    limits: { maxConnectionsPerAddress: 1 },
  })
  const from = (address: string) => it.connect({ headers: { 'x-forwarded-for': address } })
  await using one = await from('192.0.2.1')
  await assert.rejects(from('192.0.2.1'), /refused: 503/)
  await using other = await from('192.0.2.2')
  other.send(asked())
  assert.match(headerOf((await other.next()).text, 'Via'), /;received=192\.0\.2\.2$/)
  one.send(asked())
  assert.match(headerOf((await one.next()).text, 'Via'), /;received=192\.0\.2\.1$/)
})

test('a message that is too long ends the connection', async () => {
  await using it = await start({ limits: { maxMessageBytes: 2_000 } })
  await using client = await it.connect()
  client.send(asked({ body: 'x'.repeat(2_001) }))
  assert.equal(await client.closed, 1009)
})

test('a client that says nothing, or no longer anything, is cut off', async () => {
  const clock = new FakeClock()
  const limits = { firstMessageMs: 1_000, idleMs: 10_000 }
  await using it = await start({ clock, limits })
  await using mute = await it.connect()
  clock.advance(1_000)
  await mute.closed
  await using client = await it.connect()
  client.send(asked())
  await client.next()
  clock.advance(9_999)
  assert.equal(it.rig.transports.connections, 1)
  clock.advance(1)
  await client.closed
})

test('a client that has registered and answers pings may be silent for as long as it likes', async () => {
  const clock = new FakeClock()
  const limits = { firstMessageMs: 20_000, idleMs: 60_000 }
  await using it = await start({ clock, limits, webSocket: { pingMs: 16_000 } })
  await using client = await it.connect()
  client.send(asked())
  await client.next()
  for (let ping = 0; ping < 10; ping += 1) {
    const pinged = once(client.socket, 'ping')
    clock.advance(16_000)
    await pinged
    // Its answer has been read when the ping behind it is answered.
    const ponged = once(client.socket, 'pong')
    client.socket.ping()
    await ponged
  }
  assert.equal(it.rig.transports.connections, 1)
})

test('a client that gives no sign of life is cut off (§6)', async () => {
  const clock = new FakeClock()
  await using it = await start({ clock, webSocket: { pingMs: 16_000 } })
  await using lively = await it.connect()
  await using silent = await it.connect({ autoPong: false })
  const pinged = [once(lively.socket, 'ping'), once(silent.socket, 'ping')]
  lively.send(asked())
  silent.send(asked())
  await lively.next()
  await silent.next()
  clock.advance(16_000)
  await Promise.all(pinged)
  lively.send(asked())
  await lively.next()
  clock.advance(16_000)
  await silent.closed
  lively.send(asked())
  assert.equal(statusOf((await lively.next()).text), 200)
})

test('who does not read his answers is asked for nothing more, and cut off in the end', async () => {
  const clock = new FakeClock()
  const never = Number.MAX_SAFE_INTEGER
  const limits = { stallMs: 32_000, firstMessageMs: never, idleMs: never }
  await using it = await start({ clock, limits })
  let handled = 0
  it.agent.handle('MESSAGE', (tx) => {
    handled += 1
    const response = createResponse(tx.request, 200)
    response.body = Buffer.alloc(60_000, 'x')
    tx.respond(response)
  })
  let isGone = false
  it.rig.transports.onFlowClosed(() => {
    isGone = true
  })
  await using client = await it.connect()
  client.socket.pause()
  for (let sent = 0; sent < 1_000; sent += 1) client.send(asked({ method: 'MESSAGE' }))
  while (!isGone) {
    clock.advance(32_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(handled > 0 && handled < 1_000, `${handled}`)
})

test('the server’s end is told to its clients', async () => {
  const it = await start()
  await using client = await it.connect()
  client.send(asked())
  await client.next()
  await it[Symbol.asyncDispose]()
  assert.equal(await client.closed, 1001)
})

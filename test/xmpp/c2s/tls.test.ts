import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import {
  connect as connectTls,
  createSecureContext,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls'
import { metrics } from '../../../src/util/metrics.ts'
import { testIdentity } from '../../support/certificate.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ScramClient } from '../../support/scram-client.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, startRig } from '../rig.ts'

const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD }
const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const HOST = '127.0.0.1'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

async function secure(options: {
  port: number
  socket?: Socket
  servername?: string
  alpn?: string[]
  maxVersion?: SecureVersion
}): Promise<TLSSocket> {
  const { alpn, ...rest } = options
  const socket = connectTls({
    host: HOST,
    rejectUnauthorized: false,
    ...rest,
    ...(alpn && { ALPNProtocols: alpn }),
  })
  await once(socket, 'secureConnect')
  return socket
}

/** Somebody between client and server. */
async function relay(t: TestContext, port: number) {
  let far: Socket | undefined
  const server = createServer((near) => {
    far = connect({ port, host: HOST })
    for (const socket of [near, far]) socket.on('error', () => undefined)
    near.pipe(far).pipe(near)
    far.on('close', () => near.destroy())
  }).listen(0, HOST)
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    toServer: () => far,
  }
}

async function handshakesFailed(): Promise<number> {
  const values = (await metrics.getSingleMetric('heliograph_xmpp_tls_handshakes_total')?.get())
    ?.values
  return values?.find(({ labels }) => labels.result === 'failed')?.value ?? 0
}

describe('STARTTLS', () => {
  it('forgets what came behind it in the clear', async (t) => {
    const { port, handler } = await startRig(t)
    const client = await XmppClient.connect({ port })
    await client.open('capulet.example')
    // As somebody between client and server would slip it in (RFC 6120 §5.4.3.3).
    const auth = `<auth xmlns='${NS_SASL}' mechanism='PLAIN'>${base64(`\0juliet\0${PASSWORD}`)}</auth>`
    client.send(`<starttls xmlns='${NS_TLS}'/>${auth}`)
    await client.expect((el) => el.is('proceed', NS_TLS))
    client.socket.removeAllListeners('data')
    const socket = await secure({ port, socket: client.socket, servername: 'capulet.example' })
    socket.end(
      `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>`,
    )
    let text = ''
    for await (const chunk of socket.setEncoding('utf8')) text += chunk
    assert.match(text, /<mechanisms/)
    assert.doesNotMatch(text, /<success|<failure/)
    assert.equal(handler.sessions.length, 0)
  })

  it('begins a stream of another id, whose client says again who it is', async (t) => {
    const { port } = await startRig(t)
    await using client = await XmppClient.connect({ port })
    await client.open('capulet.example')
    const before = client.header?.attr('id')
    await client.startTls('capulet.example')
    await client.open('montague.example')
    assert.notEqual(client.header?.attr('id'), before)
    assert.equal(client.header?.attr('from'), 'montague.example')
  })

  it('fails where it was not offered, and ends the stream', async (t) => {
    const { port, directPort } = await startRig(t)
    for (const direct of [false, true]) {
      const client = await XmppClient.connect({ port: direct ? directPort : port, direct })
      await client.open('capulet.example')
      if (!direct) {
        await client.startTls('capulet.example')
        await client.open('capulet.example')
      }
      client.send(`<starttls xmlns='${NS_TLS}'/>`)
      await client.expect((el) => el.is('failure', NS_TLS))
      await client.closed()
      assert.ok(client.streamClosed)
    }
  })

  it('fails where the server has no certificate', async (t) => {
    const secureContext = () => {
      throw new Error('no certificate')
    }
    const { port } = await startRig(t, { secureContext })
    const client = await XmppClient.connect({ port })
    await client.open('capulet.example')
    client.send(`<starttls xmlns='${NS_TLS}'/>`)
    await client.expect((el) => el.is('failure', NS_TLS))
    await client.closed()
  })
})

describe('the certificate', () => {
  it('is the one for the name in the handshake, or else for the stream’s domain', async (t) => {
    const contexts = new Map(
      await Promise.all(
        ['capulet.example', 'montague.example'].map(
          async (name) => [name, createSecureContext(await testIdentity([name]))] as const,
        ),
      ),
    )
    const fallback = createSecureContext(await testIdentity(['localhost']))
    const secureContext = (domain = '') => contexts.get(domain) ?? fallback
    const { port, directPort } = await startRig(t, { secureContext })
    const name = (socket: TLSSocket) => socket.getPeerCertificate().subjectaltname

    for (const servername of ['capulet.example', 'montague.example']) {
      const socket = await secure({ port: directPort, servername })
      assert.equal(name(socket), `DNS:${servername}`)
      socket.destroy()
    }
    const nameless = await secure({ port: directPort })
    assert.equal(name(nameless), 'DNS:localhost')
    nameless.destroy()

    await using client = await XmppClient.connect({ port })
    await client.open('montague.example')
    await client.startTls('') // no server name (RFC 6120 §5.4.3.1)
    assert.equal(name(client.tls), 'DNS:montague.example')
  })

  it('shows after STARTTLS the domain of the stream, whatever the handshake names', async (t) => {
    const contexts = new Map([
      ['capulet.example', createSecureContext(await testIdentity(['capulet.example']))],
      ['montague.example', createSecureContext(await testIdentity(['montague.example']))],
    ])
    const fallback = createSecureContext(await testIdentity(['localhost']))
    const { port } = await startRig(t, {
      secureContext: (domain = '') => contexts.get(domain) ?? fallback,
    })
    await using client = await XmppClient.connect({ port })
    await client.open('montague.example')
    await client.startTls('capulet.example')
    assert.equal(client.tls.getPeerCertificate().subjectaltname, 'DNS:montague.example')
  })

  it('binds a sign-in where it was chosen by name', async (t) => {
    const other = createSecureContext(await testIdentity(['localhost']))
    const named = createSecureContext(await testIdentity(['capulet.example']))
    const secureContext = (domain?: string) => (domain === undefined ? other : named)
    const { directPort } = await startRig(t, { secureContext })
    await using client = await XmppClient.connect({
      port: directPort,
      direct: true,
      servername: 'capulet.example',
    })
    await client.open('capulet.example')
    const outcome = await bindTo(client, 'tls-server-end-point', client.endPoint())
    assert.equal(outcome, 'success')
  })
})

/** Signs in with SCRAM-SHA-256-PLUS over a channel binding of one’s own choice. */
async function bindTo(client: XmppClient, type: string, data: Buffer): Promise<string> {
  const mechanism = 'SCRAM-SHA-256-PLUS'
  const scram = new ScramClient({
    mechanism,
    user: 'juliet',
    password: PASSWORD,
    binding: { type, data },
  })
  client.send(`<auth xmlns='${NS_SASL}' mechanism='${mechanism}'>${base64(scram.first())}</auth>`)
  const reply = await client.expect((el) => el.ns === NS_SASL)
  if (reply.name !== 'challenge') return reply.name
  const final = scram.final(Buffer.from(reply.text(), 'base64').toString())
  client.send(`<response xmlns='${NS_SASL}'>${base64(final)}</response>`)
  return (await client.expect((el) => el.ns === NS_SASL)).name
}

describe('channel binding', () => {
  it('is to the first Finished message for clients that know nothing newer', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await XmppClient.connect({ port: directPort, direct: true })
    await client.open('capulet.example')
    assert.equal(await bindTo(client, 'tls-unique', Buffer.alloc(12)), 'failure')
    const finished = client.tls.getFinished() ?? Buffer.alloc(0)
    assert.equal(await bindTo(client, 'tls-unique', finished), 'success')
  })

  it('is not by exporter before TLS 1.3, where the value need not be unique', async (t) => {
    const identity = await testIdentity()
    const context = createSecureContext({ ...identity, maxVersion: 'TLSv1.2' })
    const { directPort } = await startRig(t, { secureContext: () => context })
    await using client = await XmppClient.connect({ port: directPort, direct: true })
    assert.equal(client.tls.getProtocol(), 'TLSv1.2')
    await client.open('capulet.example')
    assert.equal(await bindTo(client, 'tls-exporter', client.exporter()), 'failure')
    assert.equal(await bindTo(client, 'tls-server-end-point', client.endPoint()), 'success')
  })
})

describe('TLS from the start', () => {
  it('needs no ALPN, and takes no other protocol', async (t) => {
    const { directPort: port } = await startRig(t)
    const failed = await handshakesFailed()
    await assert.rejects(secure({ port, alpn: ['h2'] }), { code: /NO_APPLICATION_PROTOCOL/ })
    while ((await handshakesFailed()) === failed) await new Promise(setImmediate)
    const none = await secure({ port })
    assert.equal(none.alpnProtocol, false)
    none.destroy()
  })

  it('ends with who does not speak it, without a word of XML', async (t) => {
    const { directPort: port } = await startRig(t)
    const socket = connect({ port, host: HOST })
    socket.write('GET / HTTP/1.1\r\n\r\n')
    let bytes = ''
    for await (const chunk of socket.setEncoding('latin1')) bytes += chunk
    assert.doesNotMatch(bytes, /stream/)
  })

  it('ends with a record that is none, after the handshake too', async (t) => {
    const { directPort, handler } = await startRig(t)
    const between = await relay(t, directPort)
    const client = await XmppClient.signIn({ port: between.port, direct: true }, JULIET)
    between.toServer()?.write('this is no record of TLS, and was not sent by the client')
    await client.closed()
    // The client hears the alert before the server’s own socket is closed.
    while (handler.left.length === 0) await new Promise(setImmediate)
  })

  it('is cut off where the handshake takes too long', async (t) => {
    const clock = new FakeClock()
    const { directPort: port, c2s } = await startRig(t, { clock })
    const socket = connect({ port, host: HOST })
    await once(socket, 'connect')
    // Until the server has accepted it, too, and set its timers.
    while (clock.pendingTimers < 2) await new Promise(setImmediate)
    clock.advance(20_000)
    await once(socket.resume(), 'close')
    await c2s[Symbol.asyncDispose]()
  })

  it('does not hold up a server that stops while hands are shaken', async (t) => {
    const clock = new FakeClock()
    const { directPort: port, c2s } = await startRig(t, { clock })
    const socket = connect({ port, host: HOST })
    await once(socket, 'connect')
    while (clock.pendingTimers < 2) await new Promise(setImmediate)
    await c2s[Symbol.asyncDispose]()
  })
})

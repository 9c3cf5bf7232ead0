/** The whole server, and clients over HTTP: WebSocket (RFC 7395), BOSH (XEP-0206), found by XEP-0156, on three listeners. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { BoshClient, BoshWire } from '../support/bosh-client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { WsClient } from '../support/ws-client.ts'

const ARGS = ['--demo', '--set', 'listen.http=127.0.0.1:0', '--set', 'listen.httpsXmpp=127.0.0.1:0']

async function start(t: TestContext, args: readonly string[] = []): Promise<TestServer> {
  const server = await startTestServer({ args: [...ARGS, ...args] })
  t.after(() => server[Symbol.asyncDispose]())
  return server
}

/** Where a listener accepts: `127.0.0.1:12345`. */
function at(server: TestServer, name: string): string {
  return server.word(name)?.split(' ')[0] ?? ''
}

async function get(t: TestContext, url: string, headers = {}) {
  const wire = new BoshWire(url)
  t.after(() => wire.destroy())
  return await wire.send('GET', '', headers)
}

test('clients talk over WebSocket and BOSH on the listener of the API', async (t) => {
  const server = await start(t)
  const https = at(server, 'https')
  const password = server.demoPassword
  const alice = await WsClient.connect(`wss://${https}/xmpp-websocket`)
  await alice.signIn({ jid: 'alice@localhost', password, mechanism: 'SCRAM-SHA-256' })
  await alice.bind('web')
  const bob = new BoshClient(`https://${https}/http-bind`)
  await bob.signIn({ jid: 'bob@localhost', password, mechanism: 'SCRAM-SHA-256' })
  await bob.bind('web')
  for (const client of [alice, bob]) client.send(`<presence xmlns='jabber:client'/>`)
  await bob.settle()
  const hello = `<message xmlns='jabber:client' to='bob@localhost'><body>hello</body></message>`
  alice.send(hello)
  const { attrs } = await bob.expectMessage('hello')
  assert.equal(attrs.from, 'alice@localhost/web')
  // The API is there still.
  assert.equal((await get(t, `https://${https}/health`)).status, 200)

  // Both hear that the server stops, and it stops without waiting for them.
  const ended = server.stop()
  assert.match(String(await alice.expectStreamError()), /system-shutdown/)
  await Promise.all([alice.closed(), bob.closed()])
  assert.equal((await ended).code, 0)
})

test('other listeners serve XMPP, and not the API; all are announced', async (t) => {
  const server = await start(t)
  assert.match(server.word('http') ?? '', /^127\.0\.0\.1:\d+ +XMPP over HTTP$/)
  assert.match(server.word('httpsXmpp') ?? '', /^127\.0\.0\.1:\d+ +XMPP over HTTPS$/)
  for (const url of [`https://${at(server, 'httpsXmpp')}`, `http://${at(server, 'http')}`]) {
    for (const path of ['/api/v1/status', '/metrics', '/health']) {
      assert.equal((await get(t, url + path)).status, 404, path)
    }
    assert.equal((await get(t, `${url}/http-bind`)).status, 200)
    await using client = await WsClient.connect(`${url.replace(/^http/, 'ws')}/ws`)
    await client.open('localhost')
  }
  const { port } = new URL(`https://${at(server, 'httpsXmpp')}`)
  const meta = await get(t, `https://127.0.0.1:${port}/.well-known/host-meta.json`)
  assert.deepEqual(JSON.parse(meta.text), {
    links: [
      {
        rel: 'urn:xmpp:alt-connections:websocket',
        href: `wss://localhost:${port}/xmpp-websocket`,
      },
      { rel: 'urn:xmpp:alt-connections:xbosh', href: `https://localhost:${port}/http-bind` },
    ],
  })
  // Nobody could sign in there, and the operator is told so.
  assert.match(server.log, /"what":"http_without_trusted_proxies"/)
})

test('a proxy in front of the plain listener lets clients sign in', async (t) => {
  const server = await start(t, ['--set', 'http.trustedProxies=127.0.0.1'])
  const headers = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' }
  await using alice = await WsClient.connect(`ws://${at(server, 'http')}/ws`, { headers })
  const password = server.demoPassword
  await alice.signIn({ jid: 'alice@localhost', password, mechanism: 'SCRAM-SHA-256' })
  await alice.bind('web')
  assert.doesNotMatch(server.log, /http_without_trusted_proxies/)
})

test('a listener may have rules of its own', async (t) => {
  const kiosk = { name: 'kiosk', kind: 'http', address: '127.0.0.1:0', tlsRequired: false }
  const rules = { ...kiosk, mechanisms: ['PLAIN'], maxConnections: 1 }
  const server = await start(t, ['--set', `listeners=${JSON.stringify([rules])}`])
  assert.match(server.word('kiosk') ?? '', /XMPP over HTTP$/)
  const url = `ws://${at(server, 'kiosk')}/ws`
  await using alice = await WsClient.connect(url)
  const features = await alice.open('localhost')
  const offered = features.child('mechanisms', 'urn:ietf:params:xml:ns:xmpp-sasl')
  assert.deepEqual(
    [...(offered?.elements() ?? [])].map((each) => each.text()),
    ['PLAIN'],
  )
  await assert.rejects(WsClient.connect(url), /refused: 503/)
  // There is room on others.
  await using bob = await WsClient.connect(`wss://${at(server, 'https')}/ws`)
  await bob.signIn({ jid: 'bob@localhost', password: server.demoPassword })
  await alice[Symbol.asyncDispose]()
  await using carol = await WsClient.connect(url)
  await carol.signIn({ jid: 'carol@localhost', password: server.demoPassword })
})

/** Garbage at every listener, the same each time, while two people go on talking. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { requestText, responseText, StreamPeer, statusOf, UdpPeer } from '../sip/wire.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const SEED = 20_261_123
const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
const BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
const METHODS = [
  'OPTIONS',
  'INVITE',
  'ACK',
  'CANCEL',
  'REGISTER',
  'SUBSCRIBE',
  'PUBLISH',
  'MESSAGE',
]
const EXTRAS = [
  'Event: presence',
  'Require: nothing-we-know',
  'P-Asserted-Identity: <sip:bob@localhost>',
  'Authorization: Digest username="bob", realm="localhost", nonce="x", uri="sip:x", response="y"',
  `X-Long: ${' ;'.repeat(3_000)}`,
]
const STANZAS = [
  '<presence/>',
  "<presence to='bob@localhost' type='unsubscribe'/>",
  "<presence from='bob@localhost'/>",
  "<message to='dave@localhost/nowhere'><body>\u{1f600}</body></message>",
  "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
  "<iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='dave@localhost'/></query></iq>",
  "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
  "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>",
  "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AAAA</response>",
  "<!DOCTYPE a [<!ENTITY b 'c'>]>",
  '</stream:stream>',
  HEADER,
]

/** Numbers from 0 to below `limit`: mulberry32. */
function dice(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

const roll = dice(SEED)

function pick(from: readonly string[]): string {
  return from[roll(from.length)] ?? ''
}

/** Bytes changed, cut out, put in and doubled. */
function mutated(text: string): Buffer {
  let bytes = Buffer.from(text)
  for (let left = roll(5); left > 0; left -= 1) {
    const at = roll(bytes.length + 1)
    const noise = Buffer.from(Array.from({ length: roll(9) }, () => roll(256)))
    const behind = bytes.subarray(at + roll(3) * roll(20))
    const doubled = roll(4) === 0 ? bytes.subarray(0, roll(200)) : noise
    bytes = Buffer.concat([bytes.subarray(0, at), doubled, behind])
  }
  return bytes
}

function sipGarbage(transport: 'UDP' | 'TCP' | 'TLS'): Buffer {
  const method = pick(METHODS)
  const [from, uri] = ['<sip:alice@localhost>;tag=a', 'sip:bob@localhost']
  return mutated(
    requestText({ method, transport, from, uri, to: `<${uri}>`, headers: [pick(EXTRAS)] }),
  )
}

/** Opens a connection, says something, and goes in one of the ways in which connections go. */
async function strike(port: number, bytes: Buffer, secure = false): Promise<void> {
  const socket: Socket = secure
    ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connect(port, '127.0.0.1')
  socket.on('error', () => undefined).resume()
  const event = (name: string) => new Promise<void>((done) => socket.once(name, () => done()))
  const closed = event('close')
  await Promise.race([event(secure ? 'secureConnect' : 'connect'), closed])
  const way = roll(4)
  if (way === 0) for (const byte of bytes.subarray(0, 100)) socket.write(Buffer.of(byte))
  else socket.write(bytes)
  if (way === 1) socket.end(() => socket.destroySoon())
  else if (way === 2 && !secure) socket.resetAndDestroy()
  else socket.destroySoon()
  await closed
}

async function attack(server: TestServer, password: string): Promise<void> {
  await using phone = await UdpPeer.open(server.port('sipUdp'))
  for (let i = 0; i < 1_500; i += 1) {
    phone.send(sipGarbage('UDP').toString('latin1'))
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const signIn = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from(`\0carol\0${password}`).toString('base64')}</auth>`
  for (let i = 0; i < 120; i += 1) {
    const stanzas = Array.from({ length: 1 + roll(6) }, () => pick(STANZAS)).join('')
    const before = pick([
      '',
      HEADER,
      `${HEADER}${signIn}${HEADER}`,
      `${HEADER}${signIn}${HEADER}${BIND}`,
    ])
    const http = `GET /api/v1/presence/..%2f..%2f HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(roll(20_000))}\r\n\r\n`
    await Promise.all([
      strike(server.port('xmpp'), Buffer.concat([Buffer.from(before), mutated(stanzas)])),
      strike(server.port('xmppTls'), mutated(HEADER + stanzas), roll(2) === 0),
      strike(server.port('sipTcp'), Buffer.concat([sipGarbage('TCP'), sipGarbage('TCP')])),
      strike(server.port('sipTls'), sipGarbage('TLS'), roll(2) === 0),
      strike(server.port('https'), mutated(http), roll(2) === 0),
    ])
  }
}

/** Records that only a bug of ours writes. */
function bugs(server: TestServer): string[] {
  return server.log.split('\n').filter((line) => /"level":(?:50|60|"error"|"fatal")/.test(line))
}

async function start(t: TestContext): Promise<TestServer> {
  // 127.0.0.2 is bob's: what 127.0.0.1 sends in his name has to prove it.
  const args = ['--demo', '--set', 'xmpp.plaintextAuth=true', '--set', 'sip.trustedPeers=127.0.0.2']
  const server = await startTestServer({ args: [...args, '--set', 'log.level=trace'] })
  t.after(() => server[Symbol.asyncDispose]())
  return server
}

/** Resolves when the XMPP client has this text. */
async function hears(client: XmppClient, text: string): Promise<void> {
  await client.expect(
    (stanza) => stanza.name === 'message' && stanza.child('body')?.text() === text,
  )
}

test('nothing that strangers send ends the server or what its users are doing', async (t) => {
  const server = await start(t)
  const { pid, demoPassword: password } = server
  await using alice = await XmppClient.online(
    { port: server.port('xmpp') },
    { jid: 'alice@localhost', password },
  )
  const bob = await trustedPhone(server)
  t.after(() => bob[Symbol.asyncDispose]())
  let over = false
  const talk = (async () => {
    let said = 0
    for (; !over; said += 1) await exchange(bob, alice, said)
    return said
  })()
  await attack(server, password).finally(() => {
    over = true
  })
  assert.ok((await talk) > 1, 'they talked meanwhile')
  await exchange(bob, alice, -1)
  assert.equal(server.pid, pid)
  assert.equal(process.kill(pid, 0), true)
  assert.deepEqual(bugs(server), [])
  assert.ok(!server.log.includes(password), 'no password in the log')
  assert.equal((await server.stop()).code, 0)
})

/** One message each way. */
async function exchange(bob: StreamPeer, alice: XmppClient, number: number): Promise<void> {
  const body = `message ${number}`
  const [from, uri] = ['<sip:bob@localhost>;tag=b', 'sip:alice@localhost']
  const parts = { method: 'MESSAGE', transport: 'TCP', from, uri, to: `<${uri}>` } as const
  bob.send(requestText({ ...parts, headers: ['Content-Type: text/plain'], body }))
  assert.equal(statusOf(await bob.next()), 200)
  await hears(alice, body)
  alice.send(`<message to='bob@localhost' type='chat'><body>answer ${number}</body></message>`)
  const answer = await bob.next()
  assert.ok(answer.endsWith(`answer ${number}`), answer)
  bob.send(responseText(answer, '200 OK'))
}

/** Bob's, registered over the connection that the server reaches it by. */
async function trustedPhone(server: TestServer): Promise<StreamPeer> {
  const address = { port: server.port('sipTcp'), host: '127.0.0.1', localAddress: '127.0.0.2' }
  const socket = connect(address)
  await once(socket, 'connect')
  const phone = new StreamPeer(socket)
  const self = '<sip:bob@localhost>'
  const headers = ['Contact: <sip:bob@127.0.0.2:5099;transport=tcp>', 'Expires: 600']
  const parts = { method: 'REGISTER', uri: 'sip:localhost', from: `${self};tag=r`, to: self }
  phone.send(requestText({ ...parts, transport: 'TCP', headers }))
  assert.equal(statusOf(await phone.next()), 200)
  return phone
}

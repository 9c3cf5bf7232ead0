/** RFC 7395: XMPP over WebSocket. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../support/fake-clock.ts'
import { NS_STREAM } from '../../support/stream-client.ts'
import { NS_FRAMING } from '../../support/ws-client.ts'
import { PASSWORD } from '../../support/xmpp-system.ts'
import { startHttp } from './rig.ts'

const ALICE = { jid: 'alice@corp.example', password: PASSWORD }

describe('the handshake', () => {
  it('agrees on the protocol xmpp, on each of the paths', async (t) => {
    const rig = await startHttp(t)
    await using client = await rig.ws()
    assert.equal(client.socket.protocol, 'xmpp')
    await using other = await rig.ws({ protocols: ['chat', 'xmpp'] })
    assert.equal(other.socket.protocol, 'xmpp')
    await client.open('corp.example')
    await other.open('corp.example')
  })

  it('is refused to who asks for another protocol, or another path', async (t) => {
    const rig = await startHttp(t)
    await assert.rejects(rig.ws({ protocols: ['chat'] }), /refused: 400/)
    await assert.rejects(rig.ws({ protocols: [] }), /refused: 400/)
    const elsewhere = rig.wire('/nothing')
    t.after(() => elsewhere.destroy())
    const upgrade = { connection: 'upgrade', upgrade: 'websocket' }
    assert.equal((await elsewhere.send('GET', '', upgrade)).status, 404)
    const plain = rig.wire('/ws')
    t.after(() => plain.destroy())
    const told = await plain.send('GET', '', {})
    assert.deepEqual([told.status, told.headers.upgrade], [426, 'websocket'])
    // What is no WebSocket is an ordinary request (RFC 9110 §7.8).
    const h2c = { connection: 'upgrade', upgrade: 'h2c' }
    assert.equal((await plain.send('GET', '', h2c)).status, 426)
  })

  it('is refused to scripts of pages that may not', async (t) => {
    const http = { allowedOrigins: ['https://chat.example'] }
    const rig = await startHttp(t, { http })
    await using allowed = await rig.ws({ origin: 'https://chat.example' })
    await allowed.open('corp.example')
    await using program = await rig.ws()
    await program.open('corp.example')
    for (const origin of ['https://evil.example', 'http://chat.example', 'null']) {
      await assert.rejects(rig.ws({ origin }), /refused: 403/, origin)
    }
  })
})

describe('a stream', () => {
  it('begins with <open/>, and each frame is a document of its own', async (t) => {
    const rig = await startHttp(t)
    await using client = await rig.ws()
    const features = await client.open('corp.example')
    const { header } = client
    assert.ok(header)
    assert.equal(header.attr('from'), 'corp.example')
    assert.equal(header.attr('version'), '1.0')
    assert.equal(header.attr('xml:lang'), 'en')
    assert.ok((header.attr('id') ?? '').length > 20)
    assert.match(client.frames[1] ?? '', /^<stream:features xmlns:stream='http:\/\/etherx/)
    // §3.9
    assert.equal(features.child('starttls', 'urn:ietf:params:xml:ns:xmpp-tls'), undefined)
    assert.ok(features.child('mechanisms', 'urn:ietf:params:xml:ns:xmpp-sasl'))
  })

  it('is begun anew after sign-in, without an end', async (t) => {
    const rig = await startHttp(t)
    await using client = await rig.ws()
    await client.open('corp.example')
    const first = client.header?.attr('id')
    const outcome = await client.authenticate({ ...ALICE, mechanism: 'SCRAM-SHA-256' })
    assert.equal(outcome.name, 'success')
    const features = await client.open('corp.example')
    assert.notEqual(client.header?.attr('id'), first)
    assert.ok(features.child('bind', 'urn:ietf:params:xml:ns:xmpp-bind'))
    assert.equal(await client.bind('web'), 'alice@corp.example/web')
    for (const frame of client.frames) assert.ok(frame.startsWith('<'), frame)
  })

  it('carries messages to and from clients of other transports', async (t) => {
    const rig = await startHttp(t)
    await using alice = await rig.wsOnline('alice')
    await using bob = await rig.system.online('bob')
    alice.send(`<message to='bob@corp.example'><body>From the web &amp; more ✓</body></message>`)
    const there = await bob.expectMessage('From the web & more ✓')
    assert.equal(there.attr('from'), 'alice@corp.example/web')
    bob.send(`<message to='alice@corp.example'><body>To the web</body></message>`)
    const here = await alice.expectMessage('To the web')
    assert.equal(here.ns, 'jabber:client')
    assert.equal(here.attr('from'), bob.jid)
  })

  it('takes frames with a declaration, and with no namespace, as clients of old send them', async (t) => {
    const rig = await startHttp(t)
    await using client = await rig.ws()
    client.sendFrame(
      `<?xml version='1.0'?><open xmlns='${NS_FRAMING}' to='corp.example' version='1.0'/>`,
    )
    await client.expect((element) => element.is('features', NS_STREAM))
    await client.authenticate(ALICE)
    await client.open('corp.example')
    client.sendFrame(' ')
    client.sendFrame(`<iq type='get' id='bare'><ping xmlns='urn:xmpp:ping'/></iq>`)
    const refused = await client.expect((element) => element.attr('id') === 'bare')
    assert.equal(refused.name, 'iq')
  })

  it('works on stanzas in their order, however many come at once', async (t) => {
    const rig = await startHttp(t)
    await using alice = await rig.wsOnline('alice')
    await using bob = await rig.system.online('bob')
    for (let at = 0; at < 200; at++) {
      alice.send(`<message to='${bob.jid}'><body>${at}</body></message>`)
    }
    const bodies: (string | undefined)[] = []
    for (let at = 0; at < 200; at++) {
      const message = await bob.expect(({ name }) => name === 'message')
      bodies.push(message.child('body')?.text())
    }
    assert.deepEqual(
      bodies,
      Array.from({ length: 200 }, (_, at) => String(at)),
    )
  })
})

describe('the end', () => {
  it('is answered, and the WebSocket closed', async (t) => {
    const rig = await startHttp(t)
    const alice = await rig.wsOnline('alice')
    alice.sendFrame(`<close xmlns='${NS_FRAMING}'/>`)
    await alice.expect((element) => element.is('close', NS_FRAMING))
    await alice.closed()
    assert.equal(alice.closeCode, 1000)
    assert.equal(rig.system.sessions.count, 0)
  })

  it('comes with the server’s, which says so first', async (t) => {
    const rig = await startHttp(t)
    const alice = await rig.wsOnline('alice')
    await rig.close()
    const error = await alice.expectStreamError()
    assert.ok(error.child('system-shutdown', 'urn:ietf:params:xml:ns:xmpp-streams'))
    await alice.expect((element) => element.is('close', NS_FRAMING))
    await alice.closed()
    assert.equal(alice.closeCode, 1000)
  })

  it('takes what has come before it', async (t) => {
    const rig = await startHttp(t)
    const alice = await rig.wsOnline('alice')
    await using bob = await rig.system.online('bob')
    for (let at = 0; at < 20; at++) {
      alice.send(`<message to='bob@corp.example'><body>${at}</body></message>`)
    }
    alice.socket.close()
    for (let at = 0; at < 20; at++) await bob.expectMessage(String(at))
    await alice.closed()
  })

  it('may be the network’s, and whoever breaks off is gone', async (t) => {
    const rig = await startHttp(t)
    await rig.system.befriend('alice', 'bob')
    await using bob = await rig.system.online('bob')
    const alice = await rig.wsOnline('alice')
    await bob.expectPresence('available', 'alice@corp.example')
    await alice.cut()
    await bob.expectPresence('unavailable', 'alice@corp.example')
  })
})

describe('what is wrong', () => {
  const condition = (error: { child(name: undefined, ns: string): { name: string } | undefined }) =>
    error.child(undefined, 'urn:ietf:params:xml:ns:xmpp-streams')?.name

  for (const [what, frame, expected] of [
    ['a stream of TCP', `<stream:stream xmlns:stream='${NS_STREAM}'>`, 'not-well-formed'],
    ['a stanza before <open/>', `<iq xmlns='jabber:client' type='get' id='1'/>`, 'bad-format'],
    ['half an element', '<open', 'not-well-formed'],
    ['two elements', '<a/><b/>', 'not-well-formed'],
    ['a comment', '<!-- no -->', 'restricted-xml'],
    ['text', 'open', 'not-well-formed'],
    ['the end of our own root', '</framed>', 'not-well-formed'],
    ['an unknown frame', `<x xmlns='${NS_FRAMING}'/>`, 'bad-format'],
    ['another host', `<open xmlns='${NS_FRAMING}' to='x.example' version='1.0'/>`, 'host-unknown'],
    ['no host', `<open xmlns='${NS_FRAMING}' version='1.0'/>`, 'improper-addressing'],
    ['no version', `<open xmlns='${NS_FRAMING}' to='corp.example'/>`, 'unsupported-version'],
  ] as const) {
    it(`is told: ${what}`, async (t) => {
      const rig = await startHttp(t)
      const client = await rig.ws()
      client.sendFrame(frame)
      // §3.5: even then the stream is opened first.
      await client.expect((element) => element.is('open', NS_FRAMING))
      assert.equal(condition(await client.expectStreamError()), expected)
      await client.expect((element) => element.is('close', NS_FRAMING))
      await client.closed()
      assert.equal(client.closeCode, 1000)
    })
  }

  it('is told: a second <open/>, a binary message, wrong UTF-8', async (t) => {
    const rig = await startHttp(t)
    const twice = await rig.ws()
    await twice.open('corp.example')
    twice.sendOpen('corp.example')
    assert.equal(condition(await twice.expectStreamError()), 'bad-format')
    const binary = await rig.ws()
    binary.sendFrame(Buffer.from([1, 2, 3]))
    assert.equal(condition(await binary.expectStreamError()), 'bad-format')
  })

  it('is told: a stanza that is too large, for strangers and for others', async (t) => {
    const config = { maxStanzaBytes: 50_000, maxStanzaBytesBeforeAuth: 10_000 }
    const rig = await startHttp(t, { config })
    const stanza = (size: number) =>
      `<message xmlns='jabber:client' to='bob@corp.example'><body>${'x'.repeat(size)}</body></message>`
    const stranger = await rig.ws()
    await stranger.open('corp.example')
    stranger.sendFrame(stanza(11_000))
    assert.equal(condition(await stranger.expectStreamError()), 'policy-violation')
    const alice = await rig.wsOnline('alice')
    alice.sendFrame(stanza(40_000))
    await alice.settle()
    alice.sendFrame(stanza(51_000))
    assert.equal(condition(await alice.expectStreamError()), 'policy-violation')
    const flooding = await rig.wsOnline('alice')
    flooding.sendFrame(stanza(200_000))
    await flooding.closed()
    assert.equal(flooding.closeCode, 1009)
  })

  it('ends a message of a stranger that has no end', async (t) => {
    const config = { maxStanzaBytes: 1_000_000, maxStanzaBytesBeforeAuth: 10_000 }
    const rig = await startHttp(t, { config })
    const stranger = await rig.ws()
    await stranger.open('corp.example')
    for (let at = 0; at < 100 && !stranger.isGone; at++) {
      await new Promise<void>((sent) => {
        stranger.socket.send('x'.repeat(8_000), { fin: false }, () => sent())
      })
    }
    await stranger.closed()
    assert.ok(stranger.isGone)
  })

  it('ends a client that leaves too much unread', async (t) => {
    const rig = await startHttp(t, { config: { maxQueuedBytes: 65_536 } })
    const alice = await rig.wsOnline('alice')
    await using bob = await rig.system.online('bob')
    alice.socket.pause()
    const text = 'x'.repeat(50_000)
    for (let at = 0; at < 200 && rig.system.sessions.of(rig.system.jid('alice')).length > 0; at++) {
      bob.send(`<message to='${alice.jid}'><body>${text}</body></message>`)
      await bob.settle()
    }
    assert.equal(rig.system.sessions.of(rig.system.jid('alice')).length, 0)
    alice.socket.resume()
    await alice.closed()
  })
})

describe('signs of life', () => {
  it('are asked for now and then, and who gives none has lost his network', async (t) => {
    const clock = new FakeClock()
    const rig = await startHttp(t, { clock, http: { websocketPing: 16_000 } })
    await using alice = await rig.wsOnline('alice')
    const silent = await rig.ws({ autoPong: false })
    await silent.open('corp.example')
    for (let round = 0; round < 3; round++) {
      const asked = new Promise((ping) => alice.socket.once('ping', ping))
      clock.advance(16_000)
      await asked
      // Her answer has come before this.
      await alice.settle()
    }
    await silent.closed()
    assert.equal(silent.closeCode, 1006)
    assert.equal(alice.isGone, false)
  })
})

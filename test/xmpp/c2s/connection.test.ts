import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { StreamError } from '../../../src/xmpp/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { SteeredOverload } from '../../support/overload.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, startRig } from '../rig.ts'

const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD }
const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'

const header = (attributes: string, ns = 'http://etherx.jabber.org/streams') =>
  `<stream:stream xmlns='jabber:client' xmlns:stream='${ns}' ${attributes}>`

describe('a stream error', () => {
  const good = header(`to='capulet.example' version='1.0'`)
  for (const [condition, text] of [
    ['host-unknown', header(`to='elsewhere.example' version='1.0'`)],
    ['improper-addressing', header(`version='1.0'`)],
    ['improper-addressing', header(`to='a@b@c' version='1.0'`)],
    ['improper-addressing', header(`to='juliet@capulet.example' version='1.0'`)],
    ['unsupported-version', header(`to='capulet.example'`)],
    ['invalid-namespace', header(`to='capulet.example' version='1.0'`, 'http://wrong.example/')],
    [
      'bad-format',
      `<stream:flow xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>`,
    ],
    ['not-well-formed', `${good}<message></iq>`],
    ['not-well-formed', `${good}&&`],
    ['restricted-xml', `${good}<!-- hello -->`],
    ['restricted-xml', `<!DOCTYPE x>${good}`],
    ['restricted-xml', `${good}<?target data?>`],
    ['bad-namespace-prefix', `${good}<foo:bar/>`],
    ['unsupported-encoding', `<?xml version='1.0' encoding='ISO-8859-1'?>${good}`],
    ['not-authorized', `${good}<message to='juliet@capulet.example'/>`],
    ['policy-violation', `${good}<auth xmlns='${NS_SASL}'>${'A'.repeat(10_001)}</auth>`],
  ] as const) {
    it(`${condition} follows ${text.slice(0, 60).replace(good, '… ')}`, async (t) => {
      const { port } = await startRig(t)
      const client = await XmppClient.connect({ port })
      client.send(text)
      const error = await client.expectStreamError()
      assert.ok(error.child(condition, NS_STREAM_ERRORS), String(error))
      assert.ok(client.header, 'the server’s own header comes first')
      await client.closed()
      assert.ok(client.streamClosed)
    })
  }

  it('unsupported-stanza-type follows an element that is no stanza', async (t) => {
    const { directPort } = await startRig(t)
    for (const [text, condition] of [
      [`<query xmlns='jabber:iq:roster'/>`, 'unsupported-stanza-type'],
      ['<pubsub/>', 'unsupported-stanza-type'],
      [`<message xmlns='jabber:server'/>`, 'invalid-namespace'],
    ] as const) {
      const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
      client.send(text)
      assert.ok((await client.expectStreamError()).child(condition, NS_STREAM_ERRORS))
      await client.closed()
    }
  })

  it('connection-timeout follows a sign-in that takes too long', async (t) => {
    const clock = new FakeClock()
    const { port } = await startRig(t, { clock })
    const client = await XmppClient.connect({ port })
    await client.open('capulet.example')
    clock.advance(60_000)
    assert.ok((await client.expectStreamError()).child('connection-timeout', NS_STREAM_ERRORS))
    await client.closed()
  })

  it('connection-timeout follows silence, after a ping that nobody answers', async (t) => {
    const clock = new FakeClock()
    const { directPort } = await startRig(t, { clock })
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    clock.advance(840_000)
    const ping = await client.expect((el) => el.child('ping', 'urn:xmpp:ping') !== undefined)
    clock.advance(30_000)
    client.send(`<iq type='result' id='${ping.attr('id')}'/>`)
    await client.settle()
    clock.advance(840_000)
    await client.expect((el) => el.child('ping', 'urn:xmpp:ping') !== undefined)
    clock.advance(60_000)
    assert.ok((await client.expectStreamError()).child('connection-timeout', NS_STREAM_ERRORS))
    await client.closed()
  })

  it('resource-constraint follows one connection too many', async (t) => {
    const { port } = await startRig(t, { config: { maxConnectionsPerAddress: 1 } })
    await using first = await XmppClient.connect({ port })
    await first.open('capulet.example')
    const second = await XmppClient.connect({ port })
    assert.ok((await second.expectStreamError()).child('resource-constraint', NS_STREAM_ERRORS))
    await second.closed()
  })

  it('resource-constraint meets who comes while the server is overloaded; who is there stays', async (t) => {
    const overload = new SteeredOverload()
    const { port, directPort } = await startRig(t, { overload: overload.watch })
    const direct = { port: directPort, direct: true }
    await using there = await XmppClient.signIn(direct, JULIET)
    overload.begin()
    const refused = await XmppClient.connect({ port })
    assert.ok((await refused.expectStreamError()).child('resource-constraint', NS_STREAM_ERRORS))
    await refused.closed()
    await assert.rejects(XmppClient.connect(direct))
    assert.equal((await there.iq('get', '<ping xmlns="urn:xmpp:ping"/>')).attr('type'), 'result')
    overload.end()
    await using welcome = await XmppClient.signIn(direct, JULIET)
    assert.equal((await welcome.iq('get', '<ping xmlns="urn:xmpp:ping"/>')).attr('type'), 'result')
  })

  it('system-shutdown tells every client that the server stops', async (t) => {
    const { c2s, directPort, handler } = await startRig(t)
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    const stopped = c2s[Symbol.asyncDispose]()
    assert.ok((await client.expectStreamError()).child('system-shutdown', NS_STREAM_ERRORS))
    await client.closed()
    await stopped
    assert.equal(handler.left.length, 1)
  })

  it('waits with stopping until everybody knows who left', async (t) => {
    const { c2s, directPort, handler } = await startRig(t)
    const { promise, resolve } = Promise.withResolvers<void>()
    handler.farewell = promise
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    let stopped = false
    const stopping = c2s[Symbol.asyncDispose]().then(() => {
      stopped = true
    })
    await client.closed()
    assert.equal(stopped, false)
    resolve()
    await stopping
  })

  it('is whatever the layers above end a session with', async (t) => {
    const { directPort, handler } = await startRig(t)
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    const [session] = handler.sessions
    session?.close(new StreamError('reset', 'the password was changed'))
    const error = await client.expectStreamError()
    assert.ok(error.child('reset', NS_STREAM_ERRORS))
    assert.equal(error.child('text', NS_STREAM_ERRORS)?.text(), 'the password was changed')
    await client.closed()
    assert.equal(session?.send('<presence/>'), false)
    assert.equal(handler.left.length, 1)
  })

  it('internal-server-error follows a bug of ours', async (t) => {
    const { port, accounts } = await startRig(t)
    accounts.isLocal = () => {
      throw new Error('a bug')
    }
    const client = await XmppClient.connect({ port })
    client.sendHeader('capulet.example')
    assert.ok((await client.expectStreamError()).child('internal-server-error', NS_STREAM_ERRORS))
    await client.closed()
  })

  it('follows a new stream of somebody else, or to somewhere else, after sign-in', async (t) => {
    const { directPort } = await startRig(t)
    for (const [attributes, condition] of [
      [`to='montague.example'`, 'host-unknown'],
      [`to='capulet.example' from='romeo@montague.example'`, 'invalid-from'],
    ] as const) {
      const client = await XmppClient.connect({ port: directPort, direct: true })
      await client.open('capulet.example')
      await client.authenticate(JULIET)
      client.send(header(`${attributes} version='1.0'`))
      assert.ok((await client.expectStreamError()).child(condition, NS_STREAM_ERRORS))
      await client.closed()
    }
  })

  it('ends a connection that does not close its side', async (t) => {
    const clock = new FakeClock()
    const { c2s, port } = await startRig(t, { clock })
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    t.after(() => socket.destroy())
    socket.write(header(`to='elsewhere.example' version='1.0'`))
    await once(socket.resume(), 'end')
    clock.advance(2000)
    await c2s[Symbol.asyncDispose]()
  })
})

describe('the size of a stanza', () => {
  it('may be larger once somebody has signed in, and has its bound then too', async (t) => {
    const { directPort, handler } = await startRig(t)
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    const message = (size: number) => `<message><body>${'x'.repeat(size)}</body></message>`
    client.send(message(200_000))
    await client.settle()
    assert.equal(handler.stanzas[0]?.child('body')?.text().length, 200_000)
    client.send(message(262_144))
    assert.ok((await client.expectStreamError()).child('policy-violation', NS_STREAM_ERRORS))
    await client.closed()
  })
})

describe('nonsense', () => {
  it('ends its own stream at most, wherever it stands', async (t) => {
    const { port } = await startRig(t, { config: { plaintextAuth: true } })
    const auth = Buffer.from(`\0juliet\0${PASSWORD}`).toString('base64')
    const open = header(`to='capulet.example' version='1.0'`)
    const good = Buffer.from(
      `${open}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${auth}</auth>${open}<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq><message to='romeo@montague.example'><body>hi</body></message></stream:stream>`,
    )
    const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.uint8Array({ maxLength: 8 })), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(edits, async (places) => {
        const bytes = Buffer.from(good)
        for (const [at, put] of places) bytes.set(put.slice(0, bytes.length - at), at)
        const socket = connect({ port, host: '127.0.0.1' })
        socket.on('error', () => undefined)
        socket.end(bytes)
        await once(socket.resume(), 'close')
      }),
      { numRuns: 300 },
    )
    await using client = await XmppClient.signIn({ port }, JULIET)
    await client.settle()
  })
})

describe('a reader that does not read', () => {
  it('is let go when too much waits for him', async (t) => {
    const { directPort, handler } = await startRig(t, { config: { maxQueuedBytes: 262_144 } })
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    client.socket.pause()
    const [session] = handler.sessions
    const stanza = `<message><body>${'x'.repeat(65_536)}</body></message>`
    // More than any socket buffer takes: the bound is ours, not the kernel’s.
    for (let n = 0; n < 2000 && session?.send(stanza); n++) await new Promise(setImmediate)
    assert.equal(handler.left[0], session)
    client.socket.resume()
    await client.closed()
  })
})

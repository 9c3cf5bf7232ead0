import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { StreamError } from '../../../src/xmpp/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ScramClient } from '../../support/scram-client.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, startRig } from '../rig.ts'

const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD }
const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
const NS_STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

describe('a client stream', () => {
  it('offers nothing but TLS before TLS, then signs in and binds', async (t) => {
    const { port, handler } = await startRig(t)
    await using client = await XmppClient.connect({ port })
    const before = await client.open('capulet.example')
    assert.equal(before.children.length, 1)
    assert.ok(before.child('starttls', 'urn:ietf:params:xml:ns:xmpp-tls')?.child('required'))
    assert.equal(client.header?.attr('from'), 'capulet.example')
    assert.equal(client.header?.attr('version'), '1.0')

    await client.startTls('capulet.example')
    const secured = await client.open('capulet.example')
    assert.equal(secured.child('starttls', 'urn:ietf:params:xml:ns:xmpp-tls'), undefined)
    const names = [...(secured.child('mechanisms', NS_SASL)?.elements() ?? [])].map((el) =>
      el.text(),
    )
    assert.deepEqual(names, [
      'SCRAM-SHA-512-PLUS',
      'SCRAM-SHA-256-PLUS',
      'SCRAM-SHA-1-PLUS',
      'SCRAM-SHA-512',
      'SCRAM-SHA-256',
      'SCRAM-SHA-1',
      'PLAIN',
    ])
    assert.equal((await client.authenticate(JULIET)).name, 'success')
    const features = await client.open('capulet.example')
    assert.ok(features.child('bind', NS_BIND))
    assert.ok(features.child('session', 'urn:ietf:params:xml:ns:xmpp-session')?.child('optional'))
    assert.equal(await client.bind('balcony'), 'juliet@capulet.example/balcony')
    assert.equal(handler.sessions[0]?.jid.full, 'juliet@capulet.example/balcony')
  })

  for (const mechanism of [
    'SCRAM-SHA-1',
    'SCRAM-SHA-256',
    'SCRAM-SHA-512',
    'SCRAM-SHA-1-PLUS',
    'SCRAM-SHA-256-PLUS',
    'SCRAM-SHA-512-PLUS',
    'PLAIN',
  ]) {
    it(`signs in with ${mechanism} over TLS from the start`, async (t) => {
      const { directPort } = await startRig(t)
      const connect = { port: directPort, direct: true }
      await using client = await XmppClient.signIn(connect, { ...JULIET, mechanism })
      assert.match(client.jid, /^juliet@capulet\.example\/[\w-]{16}$/)
      assert.equal(client.tls.alpnProtocol, 'xmpp-client')
    })
  }

  it('takes a byte at a time as well as everything at once', async (t) => {
    const { port } = await startRig(t, { config: { plaintextAuth: true } })
    await using client = await XmppClient.connect({ port })
    const plain = base64(`\0juliet\0${PASSWORD}`)
    const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>`
    for (const byte of `${header}<auth xmlns='${NS_SASL}' mechanism='PLAIN'>${plain}</auth>`) {
      client.send(byte)
    }
    await client.expect((el) => el.name === 'mechanisms' || el.name === 'features')
    await client.expect((el) => el.name === 'success')
    await using other = await XmppClient.connect({ port })
    other.send(
      `${header}<auth xmlns='${NS_SASL}' mechanism='PLAIN'>${plain}</auth>${header}<iq type='set' id='b'><bind xmlns='${NS_BIND}'/></iq><iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>`,
    )
    await other.expect((el) => el.name === 'success')
  })

  it('answers an open stream in the order of what was sent, however long one thing takes', async (t) => {
    const { directPort, handler } = await startRig(t)
    await using client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    let finish = (): void => undefined
    const order: string[] = []
    handler.answer = (session, stanza) => {
      const id = stanza.attr('id') ?? ''
      order.push(id)
      const reply = () => void session.send(`<iq type='result' id='${id}'/>`)
      if (id !== 'slow') return reply()
      return new Promise<void>((resolve) => {
        finish = resolve
      }).then(reply)
    }
    const iq = (id: string) => `<iq type='get' id='${id}'><q xmlns='test'/></iq>`
    client.send(iq('slow') + iq('fast') + iq('faster'))
    while (order.length === 0) await new Promise(setImmediate)
    assert.deepEqual(order, ['slow'])
    finish()
    for (const id of ['slow', 'fast', 'faster']) {
      assert.equal((await client.expect(() => true)).attr('id'), id)
    }
  })

  it('stamps the sender on what it takes, and hears nobody else', async (t) => {
    const { directPort, handler } = await startRig(t)
    const connect = { port: directPort, direct: true }
    const client = await XmppClient.signIn(connect, { ...JULIET, resource: 'balcony' })
    client.send(`<message to='romeo@montague.example'/>`)
    client.send(`<message from='juliet@capulet.example' to='romeo@montague.example'/>`)
    await client.iq('get', `<q xmlns='test'/>`)
    for (const stanza of handler.stanzas) {
      assert.equal(stanza.attr('from'), 'juliet@capulet.example/balcony')
    }
    client.send(`<message from='romeo@montague.example' to='juliet@capulet.example'/>`)
    assert.ok((await client.expectStreamError()).child('invalid-from', NS_STREAM_ERRORS))
    await client.closed()
    assert.equal(handler.left[0]?.jid.full, 'juliet@capulet.example/balcony')
  })

  for (const [title, stanza, condition] of [
    ['an address that is none', `<message id='x' to='a@b@c'/>`, 'jid-malformed'],
    ['an iq of no type', `<iq id='x'><q xmlns='t'/></iq>`, 'bad-request'],
    ['an iq of an unknown type', `<iq id='x' type='ask'><q xmlns='t'/></iq>`, 'bad-request'],
    ['an iq without id', `<iq type='get'><q xmlns='t'/></iq>`, 'bad-request'],
    [
      'an iq that asks two things',
      `<iq type='get' id='x'><q xmlns='t'/><q xmlns='t'/></iq>`,
      'bad-request',
    ],
    ['an iq that asks nothing', `<iq type='set' id='x'/>`, 'bad-request'],
  ] as const) {
    it(`refuses ${title} and goes on`, async (t) => {
      const { directPort, handler } = await startRig(t)
      await using client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
      client.send(stanza)
      const reply = await client.expect((el) => el.attr('type') === 'error')
      assert.ok(reply.child('error')?.child(condition, NS_STANZA_ERRORS), String(reply))
      await client.iq('get', `<q xmlns='test'/>`)
      assert.equal(handler.stanzas.length, 1)
    })
  }

  it('never answers an error or a result that is wrong', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    client.send(`<message type='error' to='a@b@c'/><iq type='result' id='x'><a/><b/></iq>`)
    assert.deepEqual(await client.settle(), [])
  })

  it('answers internal-server-error for a bug of ours and goes on', async (t) => {
    const { directPort, handler } = await startRig(t)
    await using client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    const { answer } = handler
    handler.answer = () => {
      throw new Error('a bug')
    }
    const reply = await client.iq('get', `<q xmlns='test'/>`)
    assert.ok(reply.child('error')?.child('internal-server-error', NS_STANZA_ERRORS))
    handler.answer = answer
    assert.equal((await client.iq('get', `<q xmlns='test'/>`)).attr('type'), 'result')
  })
})

describe('a stream error', () => {
  const header = (attributes: string, ns = 'http://etherx.jabber.org/streams') =>
    `<stream:stream xmlns='jabber:client' xmlns:stream='${ns}' ${attributes}>`
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
    for (const text of [`<query xmlns='jabber:iq:roster'/>`, '<pubsub/>']) {
      const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
      client.send(text)
      const error = await client.expectStreamError()
      assert.ok(error.child('unsupported-stanza-type', NS_STREAM_ERRORS))
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

  it('system-shutdown tells every client that the server stops', async (t) => {
    const { c2s, directPort, handler } = await startRig(t)
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    const stopped = c2s[Symbol.asyncDispose]()
    assert.ok((await client.expectStreamError()).child('system-shutdown', NS_STREAM_ERRORS))
    await client.closed()
    await stopped
    assert.equal(handler.left.length, 1)
  })

  it('ends all streams of an account that is closed', async (t) => {
    const { c2s, directPort } = await startRig(t)
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    c2s.closeAccount(requireJid('juliet@capulet.example').bare, new StreamError('not-authorized'))
    assert.ok((await client.expectStreamError()).child('not-authorized', NS_STREAM_ERRORS))
    await client.closed()
  })
})

describe('signing in', () => {
  async function secured(port: number): Promise<XmppClient> {
    const client = await XmppClient.connect({ port, direct: true })
    await client.open('capulet.example')
    return client
  }
  const auth = (mechanism: string, text: string) =>
    `<auth xmlns='${NS_SASL}' mechanism='${mechanism}'>${text}</auth>`

  for (const [condition, text] of [
    ['invalid-mechanism', auth('KERBEROS_V4', '=')],
    ['incorrect-encoding', auth('PLAIN', '!!!')],
    ['malformed-request', auth('PLAIN', base64('no nuls'))],
    ['malformed-request', auth('SCRAM-SHA-256', base64('n,,r=1'))],
    ['malformed-request', auth('SCRAM-SHA-256-PLUS', base64('n,,n=juliet,r=1'))],
    ['malformed-request', `<response xmlns='${NS_SASL}'>=</response>`],
    ['aborted', `<abort xmlns='${NS_SASL}'/>`],
    ['not-authorized', auth('PLAIN', base64('\0juliet\0wrong'))],
    ['not-authorized', auth('PLAIN', base64('\0nobody\0wrong'))],
    ['invalid-authzid', auth('PLAIN', base64(`romeo@montague.example\0juliet\0${PASSWORD}`))],
    ['account-disabled', auth('PLAIN', base64(`\0tybalt\0${PASSWORD}`))],
    ['not-authorized', auth('SCRAM-SHA-1', base64('y,,n=juliet,r=abc'))],
  ] as const) {
    it(`fails with ${condition} after ${text.slice(0, 80)}, and may be tried again`, async (t) => {
      const { directPort } = await startRig(t)
      await using client = await secured(directPort)
      client.send(text)
      const failure = await client.expect((el) => el.name === 'failure')
      assert.ok(failure.child(condition), String(failure))
      assert.equal((await client.authenticate(JULIET)).name, 'success')
    })
  }

  it('may give its own bare JID to act for, and an empty first message', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await secured(directPort)
    client.send(`<auth xmlns='${NS_SASL}' mechanism='PLAIN'/>`)
    assert.equal((await client.expect((el) => el.name === 'challenge')).text(), '')
    const response = base64(`juliet@capulet.example\0juliet\0${PASSWORD}`)
    client.send(`<response xmlns='${NS_SASL}'>${response}</response>`)
    await client.expect((el) => el.name === 'success')
  })

  it('binds to the server’s certificate too (tls-server-end-point)', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await secured(directPort)
    for (const [data, outcome] of [
      [Buffer.alloc(32), 'failure'],
      [client.endPoint(), 'success'],
    ] as const) {
      const scram = new ScramClient({
        mechanism: 'SCRAM-SHA-256-PLUS',
        user: 'juliet',
        password: PASSWORD,
        binding: { type: 'tls-server-end-point', data },
      })
      client.send(auth('SCRAM-SHA-256-PLUS', base64(scram.first())))
      const challenge = await client.expect((el) => el.name === 'challenge')
      const final = scram.final(Buffer.from(challenge.text(), 'base64').toString())
      client.send(`<response xmlns='${NS_SASL}'>${base64(final)}</response>`)
      await client.expect((el) => el.name === outcome)
    }
  })

  it('tells nothing of who exists: an unknown user is asked for a proof as any other', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await secured(directPort)
    const outcome = await client.authenticate({ jid: 'nobody@capulet.example', password: PASSWORD })
    assert.ok(outcome.child('not-authorized'))
  })

  it('ends the stream after five failures', async (t) => {
    const { directPort } = await startRig(t)
    const client = await secured(directPort)
    for (let n = 0; n < 5; n++) client.send(auth('PLAIN', base64('\0juliet\0wrong')))
    assert.ok((await client.expectStreamError()).child('policy-violation', NS_STREAM_ERRORS))
    await client.closed()
  })

  it('is closed for a while to an address that only guesses', async (t) => {
    const clock = new FakeClock()
    const { directPort } = await startRig(t, { clock })
    for (let n = 0; n < 4; n++) {
      const client = await secured(directPort)
      for (let tries = 0; tries < 5; tries++) client.send(auth('PLAIN', base64('\0juliet\0wrong')))
      await client.expectStreamError()
      await client.closed()
    }
    await using client = await secured(directPort)
    const refused = await client.authenticate(JULIET)
    assert.ok(refused.child('temporary-auth-failure'), String(refused))
    clock.advance(300_000)
    await using patient = await secured(directPort)
    assert.equal((await patient.authenticate(JULIET)).name, 'success')
  })

  it('without TLS is refused unless the operator allows it', async (t) => {
    const { port } = await startRig(t)
    await using client = await XmppClient.connect({ port })
    await client.open('capulet.example')
    client.send(auth('PLAIN', base64(`\0juliet\0${PASSWORD}`)))
    const failure = await client.expect((el) => el.name === 'failure')
    assert.ok(failure.child('encryption-required'))
    const open = await startRig(t, { config: { plaintextAuth: true } })
    await using bench = await XmppClient.signIn(
      { port: open.port },
      { ...JULIET, mechanism: 'SCRAM-SHA-1' },
    )
    assert.match(bench.jid, /^juliet@/)
  })
})

describe('a resource', () => {
  for (const [policy, kept, got] of [
    ['replace', false, /\/desk$/],
    ['rename', true, /\/desk-./],
  ] as const) {
    it(`that is taken: ${policy}`, async (t) => {
      const rig = await startRig(t, { config: { resourceConflict: policy } })
      const connect = { port: rig.directPort, direct: true }
      await using first = await XmppClient.signIn(connect, { ...JULIET, resource: 'desk' })
      await using second = await XmppClient.signIn(connect, { ...JULIET, resource: 'desk' })
      assert.match(second.jid, got)
      if (kept) await first.settle()
      else assert.ok((await first.expectStreamError()).child('conflict', NS_STREAM_ERRORS))
      assert.equal(rig.sessions.count, kept ? 2 : 1)
    })
  }

  it('that is taken: refuse; the stream goes on and may ask for another', async (t) => {
    const rig = await startRig(t, { config: { resourceConflict: 'refuse' } })
    const connect = { port: rig.directPort, direct: true }
    await using first = await XmppClient.signIn(connect, { ...JULIET, resource: 'desk' })
    await using second = await secondStream(rig.directPort)
    const bind = (name: string) => `<bind xmlns='${NS_BIND}'><resource>${name}</resource></bind>`
    const refused = await second.iq('set', bind('desk'))
    assert.ok(refused.child('error')?.child('conflict', NS_STANZA_ERRORS))
    assert.equal((await second.iq('set', bind('other'))).attr('type'), 'result')
    await first.settle()
  })

  async function secondStream(port: number): Promise<XmppClient> {
    const client = await XmppClient.connect({ port, direct: true })
    await client.open('capulet.example')
    await client.authenticate(JULIET)
    await client.open('capulet.example')
    return client
  }

  it('beyond the limit, or that is not valid, is refused', async (t) => {
    const rig = await startRig(t, { config: { maxResourcesPerUser: 1 } })
    await using first = await secondStream(rig.directPort)
    const bad = await first.iq(
      'set',
      `<bind xmlns='${NS_BIND}'><resource>${'x'.repeat(1024)}</resource></bind>`,
    )
    assert.ok(bad.child('error')?.child('bad-request', NS_STANZA_ERRORS))
    await first.bind()
    await using second = await secondStream(rig.directPort)
    const refused = await second.iq('set', `<bind xmlns='${NS_BIND}'/>`)
    assert.ok(refused.child('error')?.child('resource-constraint', NS_STANZA_ERRORS))
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

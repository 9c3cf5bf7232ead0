import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { xml } from '../../../src/xml/element.ts'
import { StanzaError } from '../../../src/xmpp/errors.ts'
import type { Guest } from '../../../src/xmpp/session.ts'
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

async function all(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk
  return text
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

  const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>`
  const auth = `<auth xmlns='${NS_SASL}' mechanism='PLAIN'>${base64(`\0juliet\0${PASSWORD}`)}</auth>`
  const bind = `<iq type='set' id='b'><bind xmlns='${NS_BIND}'><resource>desk</resource></bind></iq>`
  const ask = `<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>`

  for (const [title, size] of [
    ['a byte at a time', 1],
    ['everything at once', 1_000_000],
  ] as const) {
    it(`takes ${title}`, async (t) => {
      const { port } = await startRig(t, { config: { plaintextAuth: true } })
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      const text = `${header}${auth}${header}${bind}${ask}</stream:stream>`
      for (let at = 0; at < text.length; at += size) {
        socket.write(text.slice(at, at + size))
        await new Promise(setImmediate)
      }
      const answers = await all(socket)
      const order = [
        '<mechanisms',
        '<success',
        '<bind xmlns',
        '<jid>juliet@',
        `id='p'`,
        '</stream:stream',
      ]
      const places = order.map((part) => answers.indexOf(part))
      assert.ok(!places.includes(-1), answers)
      assert.deepEqual(
        places,
        places.toSorted((one, other) => one - other),
      )
      assert.equal(answers.match(/<stream:stream /g)?.length, 2)
    })
  }

  it('hears all that was said before the client closed its side', async (t) => {
    const { port, handler } = await startRig(t, { config: { plaintextAuth: true } })
    handler.answer = async (session, stanza) => {
      await new Promise(setImmediate)
      session.send(`<iq type='result' id='${stanza.attr('id')}'/>`)
    }
    const socket = connect({ port, host: '127.0.0.1' })
    socket.end(`${header}${auth}${header}${bind}${ask.repeat(5)}`)
    const answers = await all(socket)
    assert.equal(answers.match(/id='p'/g)?.length, 5)
    assert.match(answers, /<\/stream:stream>$/)
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

  it('gives stanzas without a language that of the stream', async (t) => {
    const { port, handler } = await startRig(t, { config: { plaintextAuth: true } })
    const german = header.replace(' to=', ` xml:lang='de' to=`)
    const socket = connect({ port, host: '127.0.0.1' })
    const message = (lang: string) => `<message to='romeo@montague.example'${lang}/>`
    socket.end(`${german}${auth}${german}${bind}${message('')}${message(` xml:lang='fr'`)}`)
    await all(socket)
    assert.deepEqual(
      handler.stanzas.map((stanza) => stanza.attr('xml:lang')),
      ['de', 'fr'],
    )
  })

  it('answers the session request of old clients, and refuses a second resource', async (t) => {
    const { directPort, handler } = await startRig(t)
    await using client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    const session = `<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>`
    assert.equal((await client.iq('set', session)).attr('type'), 'result')
    assert.equal((await client.iq('set', session, 'capulet.example')).attr('type'), 'result')
    const second = await client.iq('set', `<bind xmlns='${NS_BIND}'/>`)
    assert.ok(second.child('error')?.child('not-allowed', NS_STANZA_ERRORS))
    assert.deepEqual(handler.stanzas, [])
  })

  it('is not told to be gone while its last stanza is being worked on', async (t) => {
    const { directPort, handler } = await startRig(t)
    const client = await XmppClient.signIn({ port: directPort, direct: true }, JULIET)
    const { promise, resolve } = Promise.withResolvers<void>()
    handler.answer = () => promise
    client.send(ask)
    while (handler.stanzas.length === 0) await new Promise(setImmediate)
    const [session] = handler.sessions
    session?.close()
    await client.closed()
    assert.deepEqual(handler.left, [])
    resolve()
    await session?.departure
    assert.deepEqual(handler.left, [session])
  })

  it('serves guests where somebody answers them, over TLS alone', async (t) => {
    const features = [xml('register', { xmlns: 'urn:test' })]
    const asked: string[] = []
    const guests = {
      features,
      iq: async ({ domain, remoteAddress }: Guest) => {
        asked.push(`${domain} ${remoteAddress}`)
        if (asked.length > 1) throw new StanzaError('cancel', 'conflict')
        return xml('query', { xmlns: 'urn:test' })
      },
    }
    const { port, directPort } = await startRig(t, { guests })
    await using client = await XmppClient.connect({ port: directPort, direct: true })
    assert.ok((await client.open('capulet.example')).child('register', 'urn:test'))
    const query = `<query xmlns='urn:test'/>`
    assert.ok((await client.iq('get', query)).child('query', 'urn:test'))
    const refused = await client.iq('set', query)
    assert.ok(refused.child('error')?.child('conflict', NS_STANZA_ERRORS))
    assert.deepEqual(asked, ['capulet.example 127.0.0.1', 'capulet.example 127.0.0.1'])

    const plain = await XmppClient.connect({ port })
    assert.equal((await plain.open('capulet.example')).child('register', 'urn:test'), undefined)
    plain.send(`<iq type='get' id='g'>${query}</iq>`)
    assert.ok((await plain.expectStreamError()).child('not-authorized', NS_STREAM_ERRORS))
    await plain.closed()
  })
})

/** XEP-0206 over XEP-0124: streams over BOSH. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StreamError } from '../../../src/xmpp/errors.ts'
import { XmppSession } from '../../../src/xmpp/session.ts'
import { body, NS_BOSH, NS_XBOSH } from '../../support/bosh-client.ts'
import { NS_STREAM } from '../../support/stream-client.ts'
import { DOMAIN, PASSWORD } from '../../support/xmpp-system.ts'
import { startHttp } from './rig.ts'

const ALICE = { jid: 'alice@corp.example', password: PASSWORD }
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'

describe('a session', () => {
  it('begins with the terms, and with the features of its stream', async (t) => {
    const rig = await startHttp(t)
    await using client = rig.bosh({ terms: `wait='60' hold='1' ver='1.6' ack='1'` })
    const features = await client.open(DOMAIN)
    const { begun } = client
    assert.ok(begun)
    const { sid, ...attrs } = begun.attrs
    assert.ok((sid ?? '').length >= 32)
    assert.deepEqual(
      { ...attrs },
      {
        wait: '60',
        requests: '2',
        hold: '1',
        ver: '1.6',
        polling: '5',
        inactivity: '90',
        maxpause: '120',
        from: DOMAIN,
        ack: String(client.rid),
        [`{${NS_XBOSH}}version`]: '1.0',
        [`{${NS_XBOSH}}restartlogic`]: 'true',
      },
    )
    assert.ok(features.child('mechanisms', 'urn:ietf:params:xml:ns:xmpp-sasl'))
    assert.equal(features.child('starttls', 'urn:ietf:params:xml:ns:xmpp-tls'), undefined)
  })

  it('grants what may be, and not more than is asked for', async (t) => {
    const rig = await startHttp(t, { http: { boshWait: 30_000, boshRequests: 4 } })
    for (const [terms, wait, hold, requests, ver] of [
      [`wait='300' hold='9' ver='2.0'`, '30', '3', '4', '1.11'],
      [`wait='10' hold='1' ver='1.9'`, '10', '1', '2', '1.9'],
      [`wait='0' hold='1' ver='1.10'`, '0', '0', '2', '1.10'],
      [`wait='10' hold='0' ver='x'`, '10', '0', '2', '1.11'],
      ['', '30', '1', '2', '1.11'],
    ] as const) {
      await using client = rig.bosh({ terms })
      await client.open(DOMAIN)
      const { attrs = {} } = client.begun ?? {}
      assert.deepEqual(
        [attrs.wait, attrs.hold, attrs.requests, attrs.ver],
        [wait, hold, requests, ver],
        terms,
      )
      // §12: polling takes longer.
      assert.equal(attrs.inactivity, hold === '0' ? '100' : '90')
    }
  })

  it('signs in, is begun anew, and binds a resource', async (t) => {
    const rig = await startHttp(t)
    await using client = rig.bosh()
    await client.open(DOMAIN)
    const outcome = await client.authenticate({ ...ALICE, mechanism: 'SCRAM-SHA-256' })
    assert.equal(outcome.name, 'success')
    const features = await client.open(DOMAIN)
    assert.ok(features.child('bind', NS_BIND))
    assert.equal(await client.bind('web'), 'alice@corp.example/web')
  })

  it('carries messages to and from clients of other transports', async (t) => {
    const rig = await startHttp(t)
    await using alice = await rig.boshOnline('alice')
    await using bob = await rig.system.online('bob')
    alice.send(
      `<message xmlns='jabber:client' to='bob@corp.example'><body>A &amp; ✓</body></message>`,
    )
    const there = await bob.expectMessage('A & ✓')
    assert.equal(there.attr('from'), 'alice@corp.example/web')
    for (let at = 0; at < 50; at++) {
      bob.send(`<message to='alice@corp.example'><body>${at}</body></message>`)
    }
    for (let at = 0; at < 50; at++) {
      const message = await alice.expect(({ name }) => name === 'message')
      assert.equal(message.ns, 'jabber:client')
      assert.equal(message.child('body')?.text(), String(at))
    }
  })

  it('takes stanzas without a namespace as those of clients (XEP-0206 §2)', async (t) => {
    const rig = await startHttp(t)
    await using alice = await rig.boshOnline('alice')
    await using bob = await rig.system.online('bob')
    alice.send(
      `<message to='bob@corp.example'><body>bare</body><x xmlns='urn:x'><body/></x></message>`,
    )
    const message = await bob.expectMessage('bare')
    assert.equal(message.child('x', 'urn:x')?.child('body', 'urn:x')?.name, 'body')
  })

  it('answers in the content type that the client wishes, and none that runs in browsers', async (t) => {
    const rig = await startHttp(t)
    const wire = rig.wire()
    t.after(() => wire.destroy())
    const terms = `rid='1000' to='${DOMAIN}' hold='1' wait='5'`
    const usual = await wire.post(body(terms))
    assert.equal(usual.headers['content-type'], 'text/xml; charset=utf-8')
    assert.equal(usual.headers['content-length'], String(Buffer.byteLength(usual.text)))
    const wished = await wire.post(body(`${terms} content='text/plain; charset=utf-8'`))
    assert.equal(wished.headers['content-type'], 'text/plain; charset=utf-8')
    assert.equal(wished.headers['x-content-type-options'], 'nosniff')
    assert.match(String(wished.headers['content-security-policy']), /sandbox/)
    for (const content of ['text/html\r\nx: y', 'nonsense', 'text/xml; charset=latin-1']) {
      const refused = await wire.post(
        body(`${terms} content='${content.replace('\r\n', '&#13;&#10;')}'`),
      )
      assert.equal(refused.body.attr('condition'), 'bad-request', content)
    }
    // Whatever a request says that it is.
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.ok((await wire.post(body(terms), form)).body.attr('sid'))
  })

  it('is found on each of the paths, and explained to who looks', async (t) => {
    const rig = await startHttp(t)
    for (const path of ['/http-bind', '/httpbinding']) {
      const wire = rig.wire(path)
      t.after(() => wire.destroy())
      const begun = await wire.post(body(`rid='7' to='${DOMAIN}'`))
      assert.ok(begun.body.attr('sid'))
      const told = await wire.send('GET', '', {})
      assert.equal(told.status, 200)
      assert.match(told.text, /BOSH/)
    }
    const none = await startHttp(t, { http: { boshPaths: [] } })
    const wire = none.wire()
    t.after(() => wire.destroy())
    assert.equal((await wire.post(body(`rid='7' to='${DOMAIN}'`))).status, 404)
  })
})

describe('the end of a session', () => {
  it('comes with the client’s goodbye, and what he says with it counts', async (t) => {
    const rig = await startHttp(t)
    await rig.system.befriend('alice', 'bob')
    await using bob = await rig.system.online('bob')
    const alice = await rig.boshOnline('alice')
    await bob.expectPresence('available', 'alice@corp.example')
    alice.send(`<message xmlns='jabber:client' to='bob@corp.example'><body>bye</body></message>`)
    await alice[Symbol.asyncDispose]()
    await bob.expectMessage('bye')
    await bob.expectPresence('unavailable', 'alice@corp.example')
    assert.deepEqual({ ...alice.farewell?.attrs }, { type: 'terminate' })
    assert.equal(rig.system.sessions.of(rig.system.jid('alice')).length, 0)
  })

  it('comes with an error of the stream, told with what else there was', async (t) => {
    const rig = await startHttp(t)
    const alice = await rig.boshOnline('alice')
    alice.send(`<message xmlns='jabber:client' from='bob@corp.example/x'/>`)
    const error = await alice.expectStreamError()
    assert.equal(error.ns, NS_STREAM)
    assert.ok(error.child('invalid-from', 'urn:ietf:params:xml:ns:xmpp-streams'))
    await alice.closed()
    assert.equal(alice.farewell?.attr('condition'), 'remote-stream-error')
  })

  it('comes with the server’s', async (t) => {
    const rig = await startHttp(t)
    const alice = await rig.raw().online(ALICE.jid, PASSWORD)
    const { answer } = await alice.waiting()
    await rig.close()
    const { body: farewell } = await answer
    assert.deepEqual({ ...farewell.attrs }, { type: 'terminate', condition: 'system-shutdown' })
  })

  it('is told to the next request, where none waits', async (t) => {
    const rig = await startHttp(t)
    const alice = await rig.raw().online(ALICE.jid, PASSWORD)
    for (const session of rig.system.sessions.of(rig.system.jid('alice'))) {
      if (session instanceof XmppSession) session.close(new StreamError('conflict'))
    }
    assert.equal(rig.system.sessions.of(rig.system.jid('alice')).length, 0)
    const { body: farewell } = await alice.ping()
    assert.equal(farewell.attr('condition'), 'remote-stream-error')
    const error = farewell.child('error', NS_STREAM)
    assert.ok(error?.child('conflict', 'urn:ietf:params:xml:ns:xmpp-streams'))
    assert.equal((await alice.ping()).body.attr('condition'), 'item-not-found')
  })
})

describe('a session that does not begin', () => {
  for (const [what, attrs, condition] of [
    ['another host', `to='elsewhere.example'`, 'host-unknown'],
    ['no host', '', 'improper-addressing'],
    ['an old version of XMPP', `to='${DOMAIN}' xmpp:version='0.9'`, 'remote-stream-error'],
    ['no number', `to='${DOMAIN}' hold='many'`, 'bad-request'],
  ] as const) {
    it(`is told why: ${what}`, async (t) => {
      const rig = await startHttp(t)
      const wire = rig.wire()
      t.after(() => wire.destroy())
      const { status, body: answer } = await wire.post(body(`rid='5' ver='1.6' ${attrs}`))
      assert.equal(status, 200)
      assert.deepEqual([answer.ns, answer.attr('type')], [NS_BOSH, 'terminate'])
      assert.equal(answer.attr('condition'), condition)
      assert.equal(answer.attr('sid'), undefined)
    })
  }

  it('is told why: too many connections', async (t) => {
    const rig = await startHttp(t, { config: { maxConnections: 2 } })
    await using one = rig.bosh()
    await one.open(DOMAIN)
    await using two = await rig.system.connect('bob')
    const wire = rig.wire()
    t.after(() => wire.destroy())
    const full = await wire.post(body(`rid='5' to='${DOMAIN}' ver='1.6'`))
    assert.match(full.text, /remote-stream-error.*<resource-constraint/)
    await assert.rejects(rig.ws(), /refused: 503/)
    await two.settle()
    await one[Symbol.asyncDispose]()
    await using three = await rig.ws()
    await three.open(DOMAIN)
  })
})

describe('scripts of web pages', () => {
  const page = { origin: 'https://chat.example' }

  it('may come from anywhere, unless the operator says from where', async (t) => {
    const rig = await startHttp(t)
    const wire = rig.wire()
    t.after(() => wire.destroy())
    const asked = { ...page, 'access-control-request-method': 'POST' }
    const preflight = await wire.send('OPTIONS', '', asked)
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers['access-control-allow-origin'], '*')
    assert.match(String(preflight.headers['access-control-allow-methods']), /POST/)
    assert.equal(preflight.headers['access-control-allow-headers'], 'content-type')
    const answer = await wire.post(body(`rid='5' to='${DOMAIN}'`), page)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    assert.equal(answer.headers['access-control-allow-credentials'], undefined)
  })

  it('of other pages are refused then', async (t) => {
    const http = { allowedOrigins: ['https://chat.example'], publicUrl: 'https://xmpp.example/x/' }
    const rig = await startHttp(t, { http })
    const wire = rig.wire()
    t.after(() => wire.destroy())
    for (const origin of ['https://chat.example', 'https://xmpp.example']) {
      const { headers, status } = await wire.post(body(`rid='5' to='${DOMAIN}'`), { origin })
      assert.equal(status, 200)
      assert.equal(headers['access-control-allow-origin'], origin)
      assert.equal(headers.vary, 'origin')
    }
    for (const origin of ['https://evil.example', 'null', 'https://chat.example.evil.example']) {
      const refused = await wire.post(body(`rid='5' to='${DOMAIN}'`), { origin })
      assert.equal(refused.status, 403, origin)
      assert.equal(refused.headers['access-control-allow-origin'], undefined)
    }
    // What is no page names no origin.
    assert.equal((await wire.post(body(`rid='5' to='${DOMAIN}'`))).status, 200)
  })
})

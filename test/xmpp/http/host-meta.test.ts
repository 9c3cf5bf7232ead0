/** XEP-0156: where clients find WebSocket and BOSH. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { parseDocument } from '../../../src/xml/document.ts'
import { LIMITS } from '../../support/stream-client.ts'
import { type HttpRigOptions, startHttp } from './rig.ts'

const PATH = '/.well-known/host-meta'
const WEBSOCKET = 'urn:xmpp:alt-connections:websocket'
const XBOSH = 'urn:xmpp:alt-connections:xbosh'

async function ask(t: TestContext, options: HttpRigOptions, headers: Record<string, string> = {}) {
  const rig = await startHttp(t, options)
  const [xrd, jrd] = await Promise.all(
    [PATH, `${PATH}.json`].map((path) => {
      const wire = rig.wire(path)
      t.after(() => wire.destroy())
      return wire.send('GET', '', headers)
    }),
  )
  return { port: rig.port, rig, xrd, jrd }
}

describe('host-meta', () => {
  it('names both transports at the domain that was asked for, in both formats', async (t) => {
    const { port, xrd, jrd } = await ask(t, { tls: true }, { host: 'west.example' })
    const expected = [
      { rel: WEBSOCKET, href: `wss://west.example:${port}/xmpp-websocket` },
      { rel: XBOSH, href: `https://west.example:${port}/http-bind` },
    ]
    assert.ok(jrd && xrd)
    assert.match(String(jrd.headers['content-type']), /^application\/json/)
    assert.deepEqual(JSON.parse(jrd.text), { links: expected })
    assert.match(String(xrd.headers['content-type']), /^application\/xrd\+xml/)
    const document = parseDocument(xrd.text, LIMITS)
    assert.ok(document.is('XRD', 'http://docs.oasis-open.org/ns/xri/xrd-1.0'))
    assert.deepEqual(
      [...document.elements()].map(({ attrs }) => ({ ...attrs })),
      expected,
    )
  })

  it('may be read by pages of any origin, whoever may connect', async (t) => {
    const http = { allowedOrigins: ['https://chat.example'] }
    const origin = { origin: 'https://other.example' }
    const { rig, xrd, jrd } = await ask(t, { tls: true, http }, origin)
    for (const answer of [xrd, jrd]) {
      assert.equal(answer?.headers['access-control-allow-origin'], '*')
    }
    const wire = rig.wire(`${PATH}.json`)
    t.after(() => wire.destroy())
    const preflight = await wire.send('OPTIONS', '', origin)
    assert.equal(preflight.headers['access-control-allow-origin'], '*')
  })

  it('names no host that somebody else thought of', async (t) => {
    for (const host of ['evil.example', 'corp.example.evil.example', '127.0.0.1']) {
      const { port, jrd } = await ask(t, { tls: true }, { host })
      assert.match(jrd?.text ?? '', new RegExp(`wss://corp\\.example:${port}/`), host)
    }
  })

  it('names the public address, where there is one', async (t) => {
    const http = { publicUrl: 'https://chat.example/xmpp/', boshPaths: [] }
    const { jrd } = await ask(t, { http })
    assert.deepEqual(JSON.parse(jrd?.text ?? ''), {
      links: [{ rel: WEBSOCKET, href: 'wss://chat.example/xmpp/xmpp-websocket' }],
    })
  })

  it('names the usual port behind a proxy, and nothing where there is no TLS', async (t) => {
    const proxied = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
    const { jrd } = await ask(t, { http: { trustedProxies: ['127.0.0.1'] } }, proxied)
    assert.match(jrd?.text ?? '', /"wss:\/\/corp\.example\/xmpp-websocket"/)
    const plain = await ask(t, {}, proxied)
    assert.deepEqual([plain.jrd?.status, plain.xrd?.status], [404, 404])
  })
})

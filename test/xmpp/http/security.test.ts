/** TLS, proxies and limits of addresses, over WebSocket (RFC 7395) and BOSH (XEP-0124). */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { metrics } from '../../../src/util/metrics.ts'
import type { Element } from '../../../src/xml/element.ts'
import { body } from '../../support/bosh-client.ts'
import { DOMAIN, PASSWORD } from '../../support/xmpp-system.ts'
import { startHttp } from './rig.ts'

const ALICE = { jid: 'alice@corp.example', password: PASSWORD }
const REQUIRED = { config: { plaintextAuth: false } }
const PROXY = { http: { trustedProxies: ['127.0.0.1'] } }
const forwarded = (address: string, scheme = 'https') => ({
  'x-forwarded-for': address,
  'x-forwarded-proto': scheme,
})

function mechanisms(features: Element): string[] {
  const offered = features.child('mechanisms', 'urn:ietf:params:xml:ns:xmpp-sasl')
  return [...(offered?.elements() ?? [])].map((each) => each.text())
}

describe('TLS of the WebSocket', () => {
  it('lets sign in, bound to its channel where the operator says so', async (t) => {
    // @COMPAT(stanza, 12.22): takes up mechanisms with -PLUS, and does not bind.
    const usual = await startHttp(t, { ...REQUIRED, tls: true })
    await using plain = await usual.ws()
    assert.equal(mechanisms(await plain.open(DOMAIN))[0], 'SCRAM-SHA-512')
    const http = { websocketChannelBinding: true }
    const rig = await startHttp(t, { ...REQUIRED, tls: true, http })
    for (const type of ['tls-exporter', 'tls-server-end-point']) {
      await using client = await rig.ws()
      const features = await client.open(DOMAIN)
      assert.ok(mechanisms(features).includes('SCRAM-SHA-256-PLUS'))
      const { tls } = client
      const data =
        type === 'tls-exporter'
          ? tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
          : createHash('sha256').update(tls.getPeerCertificate().raw).digest()
      const mechanism = 'SCRAM-SHA-256-PLUS'
      const wrong = Buffer.alloc(32)
      const refused = await client.authenticate({
        ...ALICE,
        mechanism,
        binding: { type, data: wrong },
      })
      assert.equal(refused.name, 'failure')
      const outcome = await client.authenticate({ ...ALICE, mechanism, binding: { type, data } })
      assert.equal(outcome.name, 'success', type)
    }
  })

  it('is that of HTTP for BOSH, which has no channel to be bound to', async (t) => {
    const rig = await startHttp(t, { ...REQUIRED, tls: true })
    await using client = rig.bosh()
    const offered = mechanisms(await client.open(DOMAIN))
    assert.ok(offered.includes('SCRAM-SHA-256'))
    assert.ok(!offered.some((name) => name.endsWith('-PLUS')))
    const outcome = await client.authenticate({ ...ALICE, mechanism: 'SCRAM-SHA-256' })
    assert.equal(outcome.name, 'success')
  })

  it('lets sign in and get a resource in one exchange (XEP-0388, XEP-0386)', async (t) => {
    const rig = await startHttp(t, { ...REQUIRED, tls: true })
    await using socket = await rig.ws()
    await using bosh = rig.bosh()
    for (const client of [socket, bosh]) {
      await client.open(DOMAIN)
      const plain = Buffer.from(`\0alice\0${PASSWORD}`).toString('base64')
      client.send(
        `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>${plain}</initial-response><bind xmlns='urn:xmpp:bind:0'><tag>web</tag></bind></authenticate>`,
      )
      const success = await client.expect(({ ns }) => ns === 'urn:xmpp:sasl:2')
      assert.match(
        success.child('authorization-identifier')?.text() ?? '',
        /^alice@corp\.example\/web/,
      )
      // The stream goes on as it is, and takes what a stranger could not send.
      await client.expect(({ name }) => name === 'features')
      const large = 'x'.repeat(30_000)
      const answer = await client.iq('get', `<x xmlns='urn:x'>${large}</x>`, DOMAIN)
      assert.equal(answer.attr('type'), 'error')
    }
  })

  it('is required: nobody signs in without it', async (t) => {
    const rig = await startHttp(t, REQUIRED)
    await using socket = await rig.ws()
    await using bosh = rig.bosh()
    for (const client of [socket, bosh]) {
      const features = await client.open(DOMAIN)
      // Neither is what it cannot do there (RFC 7395 §3.9).
      assert.deepEqual(
        [...features.elements()].map(({ name }) => name),
        [],
      )
      const refused = await client.authenticate(ALICE)
      assert.ok(refused.child('encryption-required', 'urn:ietf:params:xml:ns:xmpp-sasl'))
    }
  })

  it('is not begun within a stream', async (t) => {
    const rig = await startHttp(t)
    const client = await rig.ws()
    await client.open(DOMAIN)
    client.send(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
    await client.expect(({ name }) => name === 'failure')
    await client.closed()
  })
})

describe('a proxy', () => {
  it('that is ours says who has TLS, and its own is no channel of the client', async (t) => {
    const http = { ...PROXY.http, websocketChannelBinding: true }
    const rig = await startHttp(t, { ...REQUIRED, http, tls: true })
    await using through = await rig.ws({ headers: forwarded('192.0.2.1') })
    const offered = mechanisms(await through.open(DOMAIN))
    assert.ok(offered.includes('SCRAM-SHA-256'))
    assert.ok(!offered.some((name) => name.endsWith('-PLUS')))
    await using plain = await rig.ws({ headers: forwarded('192.0.2.1', 'http') })
    assert.deepEqual(mechanisms(await plain.open(DOMAIN)), [])
  })

  it('lets its clients sign in without TLS of its own', async (t) => {
    const rig = await startHttp(t, { ...REQUIRED, ...PROXY })
    await using client = await rig.ws({ headers: forwarded('192.0.2.1') })
    await client.signIn({ ...ALICE, mechanism: 'SCRAM-SHA-256' })
    await using nobody = await rig.ws()
    assert.deepEqual(mechanisms(await nobody.open(DOMAIN)), [])
  })

  it('that is not ours says nothing', async (t) => {
    const rig = await startHttp(t, REQUIRED)
    await using client = await rig.ws({ headers: forwarded('192.0.2.1') })
    assert.deepEqual(mechanisms(await client.open(DOMAIN)), [])
  })

  it('names the addresses that limits are for', async (t) => {
    const rig = await startHttp(t, { ...PROXY, config: { maxConnectionsPerAddress: 1 } })
    await using one = await rig.ws({ headers: forwarded('192.0.2.1') })
    await assert.rejects(rig.ws({ headers: forwarded('192.0.2.1') }), /refused: 503/)
    const wire = rig.wire()
    t.after(() => wire.destroy())
    const begin = body(`rid='5' to='${DOMAIN}'`)
    const full = await wire.post(begin, forwarded('192.0.2.1'))
    assert.match(full.text, /resource-constraint/)
    const other = await wire.post(begin, forwarded('192.0.2.2'))
    assert.ok(other.body.attr('sid'))
    await one.open(DOMAIN)
  })
})

describe('a session with TLS', () => {
  it('takes nothing of it without, and is not ended by it', async (t) => {
    const rig = await startHttp(t, PROXY)
    const wire = rig.wire()
    t.after(() => wire.destroy())
    const begun = await wire.post(body(`rid='5' to='${DOMAIN}'`), forwarded('192.0.2.1'))
    const sid = begun.body.attr('sid')
    const next = body(`rid='6' sid='${sid}'`, '<a/>')
    await assert.rejects(wire.post(next, forwarded('192.0.2.1', 'http')), /hang up|ECONNRESET/)
    const { text } = await wire.post(next, forwarded('192.0.2.9'))
    assert.match(text, /not-authorized/)
  })
})

describe('overload', () => {
  it('counts connections by transport, and what is refused', async (t) => {
    const rig = await startHttp(t, { config: { maxConnections: 2 } })
    await using socket = await rig.ws()
    await using session = rig.bosh()
    await session.open(DOMAIN)
    await socket.open(DOMAIN)
    const gauge = async (transport: string) =>
      new RegExp(`^heliograph_xmpp_connections{transport="${transport}"} (\\d+)`, 'm').exec(
        await metrics.metrics(),
      )?.[1]
    assert.equal(await gauge('websocket'), '1')
    assert.equal(await gauge('bosh'), '1')
    await assert.rejects(rig.ws(), /refused: 503/)
    assert.match(
      await metrics.metrics(),
      /heliograph_xmpp_connections_total{transport="websocket",result="refused"} [1-9]/,
    )
    await socket[Symbol.asyncDispose]()
    // The server hears of the end a moment later than the client.
    while ((await gauge('websocket')) !== '0') await rig.system.features('alice')
  })
})

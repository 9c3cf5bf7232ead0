/** Who an application server is, and for whom it may ask (RFC 3325 §9.1). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseJid } from '../../../src/core/address.ts'
import {
  type ApplicationServer,
  ApplicationServers,
} from '../../../src/sip/applications/application-servers.ts'
import { SipError } from '../../../src/sip/errors.ts'
import type { Peer } from '../../../src/sip/transport/transport.ts'
import { ALICE, BOB, Exchange, fakeFlow, sipRequest } from '../events/support.ts'

const CRM: ApplicationServer = {
  name: 'crm.example.com',
  peers: [],
  watch: true,
  publish: false,
  decide: false,
  domains: [],
  tls: true,
}

function byCertificate(...names: string[]): Peer {
  const flow = { ...fakeFlow('tls'), provenNames: names }
  return { transport: 'tls', host: '192.0.2.9', port: 5061, flow }
}

const AT_HOME = byCertificate('crm.example.com')

async function identify(
  changes: Partial<ApplicationServer>,
  method: string,
  headers: readonly (readonly [string, string])[],
  source: Peer = AT_HOME,
) {
  const servers = new ApplicationServers([{ ...CRM, ...changes }])
  const asked = servers.identify(
    async () => ({ address: BOB, uri: 'sip:bob@example.com', trusted: false }),
    async (uri) => parseJid(uri.replace('sip:', ''))?.bare,
  )
  try {
    const { address, uri } = await asked(new Exchange(sipRequest(method, { headers }), source))
    return address ?? uri
  } catch (error) {
    if (error instanceof SipError) return error.status
    throw error
  }
}

const EVENT: [string, string] = ['Event', 'presence']
const FOR_ALICE: [string, string] = ['P-Asserted-Identity', '<sip:alice@example.com>']

describe('an application server', () => {
  test('is known by the name in its certificate, over TLS', async () => {
    assert.equal(await identify({}, 'SUBSCRIBE', [EVENT]), 'application:crm.example.com')
    const others: Peer[] = [
      byCertificate('other.example.com'),
      byCertificate(),
      { transport: 'udp', host: '192.0.2.9', port: 5060 },
    ]
    for (const peer of others) assert.equal(await identify({}, 'SUBSCRIBE', [EVENT], peer), BOB)
  })

  test('is known by its address, over TLS unless something else is configured', async () => {
    const plain: Peer = { transport: 'tcp', host: '192.0.2.9', port: 5060 }
    const peers = ['192.0.2.0/24']
    assert.equal(await identify({ peers }, 'SUBSCRIBE', [EVENT], plain), BOB)
    const asked = await identify({ peers, tls: false }, 'SUBSCRIBE', [EVENT], plain)
    assert.equal(asked, 'application:crm.example.com')
  })

  test('asks for users within its rights', async () => {
    const publish = [EVENT, FOR_ALICE]
    assert.equal(await identify({}, 'PUBLISH', publish), 403)
    assert.equal(await identify({ publish: true }, 'PUBLISH', publish), ALICE)
    const decide: [string, string][] = [['Event', 'presence.wauth'], FOR_ALICE]
    assert.equal(await identify({ publish: true }, 'PUBLISH', decide), 403)
    assert.equal(await identify({ decide: true }, 'PUBLISH', decide), ALICE)
    const winfo: [string, string][] = [['Event', 'presence.winfo'], FOR_ALICE]
    assert.equal(await identify({}, 'SUBSCRIBE', winfo), 403)
    assert.equal(await identify({ decide: true }, 'SUBSCRIBE', winfo), ALICE)
    assert.equal(await identify({ watch: false }, 'SUBSCRIBE', [EVENT]), 403)
  })

  test('watches as nobody but itself, and asks for users of its domains alone', async () => {
    assert.equal(await identify({}, 'SUBSCRIBE', [EVENT, FOR_ALICE]), 403)
    const domains = ['example.net']
    assert.equal(await identify({ publish: true, domains }, 'PUBLISH', [EVENT, FOR_ALICE]), 403)
  })

  test('is a user’s client where it brings a digest, and for everything else', async () => {
    const digest: [string, string] = ['Authorization', 'Digest username="bob"']
    assert.equal(await identify({}, 'SUBSCRIBE', [EVENT, digest]), BOB)
    for (const method of ['MESSAGE', 'REGISTER']) {
      assert.equal(await identify({}, method, [FOR_ALICE]), BOB)
    }
    assert.equal(await identify({ publish: true }, 'PUBLISH', [EVENT]), BOB)
  })

  test('may watch for users and whom it may watch, by its name as a watcher', () => {
    const servers = new ApplicationServers([{ ...CRM, domains: ['example.com'] }])
    const crm = servers.called('application:crm.example.com')
    assert.equal(crm?.domain, 'crm.example.com')
    assert.equal(crm.mayWatch(ALICE), true)
    const other = parseJid('alice@example.org')
    assert.ok(other)
    assert.equal(crm.mayWatch(other.bare), false)
    assert.equal(servers.called('application:other.example.com'), undefined)
  })
})

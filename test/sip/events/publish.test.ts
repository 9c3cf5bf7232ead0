import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import { PIDF } from '../../../src/formats/pidf.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { presenceWauthPackage } from '../../../src/sip/events/presence-wauth.ts'
import { Publications } from '../../../src/sip/events/publications.ts'
import { PublishHandler } from '../../../src/sip/events/publish.ts'
import type { Flow, Peer } from '../../../src/sip/transport/transport.ts'
import type { PublicationRecord } from '../../../src/storage/stores/sip-publications.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  BOB,
  eventDeps,
  exchange,
  fakeFlow,
  identifyByFrom,
  MemoryStore,
  type RequestInit,
  resolveByUri,
  sipRequest,
} from './support.ts'

function pidf(activity: string, basic = 'open'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
  xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:bob@example.com">
  <tuple id="t1"><status><basic>${basic}</basic></status></tuple>
  <dm:person id="p1"><r:activities><r:${activity}/></r:activities></dm:person>
</presence>`
}

interface Setup {
  store?: MemoryStore<PublicationRecord>
  clock?: FakeClock
  maxPerUser?: number
}

function setUp(setup: Setup = {}) {
  const clock = setup.clock ?? new FakeClock()
  const store = setup.store ?? new MemoryStore<PublicationRecord>()
  const presence = new PresenceService({ clock })
  const publishers: [string, boolean][] = []
  const events = eventDeps({ clock, presence })
  const publications = new Publications({
    clock,
    log: silentLog,
    store,
    events,
    maxPerUser: setup.maxPerUser ?? 3,
    onPublisher: (account, publishes) => publishers.push([account, publishes]),
  })
  const handler = new PublishHandler({
    clock,
    identify: identifyByFrom,
    resolve: resolveByUri,
    packages: [presencePackage, presenceWauthPackage],
    events,
    publications,
    expires: { min: 60, default: 3600, max: 7200 },
    maxBodyBytes: 10_000,
  })
  const publish = (init: RequestInit = {}, source?: Peer) =>
    exchange(
      handler,
      sipRequest('PUBLISH', {
        uri: 'sip:bob@example.com',
        ...init,
        headers: [
          ['Event', 'presence'],
          ...(init.body === undefined ? [] : [['Content-Type', PIDF] as const]),
          ...(init.headers ?? []),
        ],
      }),
      source,
    )
  const state = () => presence.document(BOB).person.state
  return { clock, store, presence, publications, publishers, handler, publish, state }
}

const ifMatch = (etag: string | undefined): [string, string] => ['SIP-If-Match', etag ?? '']

describe('an initial publication', () => {
  test('is answered with an entity-tag and Expires, and becomes presence of class phone', async () => {
    const { publish, presence, state } = setUp()
    const tx = await publish({ body: pidf('on-the-phone'), headers: [['Expires', '600']] })
    assert.equal(tx.status, 200)
    assert.match(tx.header('SIP-ETag') ?? '', /^[\w.-]{8,}$/)
    assert.equal(tx.header('Expires'), '600')
    assert.equal(state(), 'on-a-call')
    assert.equal(presence.document(BOB).tuples[0]?.class, 'phone')
  })

  test('without Expires lasts the default, longer than the maximum the maximum', async () => {
    const { publish } = setUp()
    assert.equal((await publish({ body: pidf('busy') })).header('Expires'), '3600')
    const long = await publish({ body: pidf('busy'), headers: [['Expires', '86400']] })
    assert.equal(long.header('Expires'), '7200')
  })

  test('without body gets 400', async () => {
    const { publish } = setUp()
    assert.equal((await publish()).status, 400)
  })

  test('for another user gets 403, for nobody 404', async () => {
    const { publish } = setUp()
    const other = await publish({ uri: 'sip:alice@example.com', body: pidf('busy') })
    assert.equal(other.status, 403)
    const nobody = await publish({ uri: 'sip:nobody@example.com', body: pidf('busy') })
    assert.equal(nobody.status, 404)
  })

  test('by a trusted peer may be for anybody', async () => {
    const { publish, state } = setUp()
    const tx = await publish({ from: '<sip:pbx@example.net>;tag=1', body: pidf('on-the-phone') })
    assert.equal(tx.status, 200)
    assert.equal(state(), 'on-a-call')
  })

  test('of an unknown package, or none, gets 489 and Allow-Events', async () => {
    const { handler } = setUp()
    for (const headers of [[['Event', 'dialog']], []] as [string, string][][]) {
      const tx = await exchange(
        handler,
        sipRequest('PUBLISH', { uri: 'sip:bob@example.com', headers, body: 'x' }),
      )
      assert.equal(tx.status, 489)
      assert.equal(tx.header('Allow-Events'), 'presence, presence.wauth')
    }
  })

  test('for less than the minimum gets 423 and Min-Expires', async () => {
    const { publish } = setUp()
    const tx = await publish({ body: pidf('busy'), headers: [['Expires', '30']] })
    assert.equal(tx.status, 423)
    assert.equal(tx.header('Min-Expires'), '60')
  })

  test('of another media type gets 415 and Accept, too large 413, broken 400', async () => {
    const { handler, publish } = setUp()
    const request = (type: string, body: string) =>
      exchange(
        handler,
        sipRequest('PUBLISH', {
          uri: 'sip:bob@example.com',
          headers: [
            ['Event', 'presence'],
            ['Content-Type', type],
          ],
          body,
        }),
      )
    const text = await request('text/plain', 'busy')
    assert.equal(text.status, 415)
    assert.equal(text.header('Accept'), `${PIDF}, application/pidf-diff+xml`)
    assert.equal((await request(PIDF, 'x'.repeat(10_001))).status, 413)
    assert.equal((await publish({ body: '<presence' })).status, 400)
    assert.equal((await publish({ body: '<!DOCTYPE x><presence/>' })).status, 400)
  })

  test('above the user’s limit gets 403', async () => {
    const { publish } = setUp({ maxPerUser: 1 })
    await publish({ body: pidf('busy') })
    assert.equal((await publish({ body: pidf('busy') })).status, 403)
  })

  test('that ends at once leaves nothing', async () => {
    const { publish, store, state } = setUp()
    const tx = await publish({ body: pidf('busy'), headers: [['Expires', '0']] })
    assert.equal(tx.status, 200)
    assert.equal(store.records.size, 0)
    assert.equal(state(), 'offline')
  })

  test('that cannot be stored is not told', async () => {
    const { publish, store, state, handler } = setUp()
    store.put = () => Promise.reject(new Error('disk full'))
    await assert.rejects(publish({ body: pidf('busy') }), /disk full/)
    assert.equal(state(), 'offline')
    assert.ok(handler)
  })
})

describe('a publication', () => {
  test('is refreshed without body under a new entity-tag; the old one gets 412', async () => {
    const { publish, clock, state } = setUp()
    const first = await publish({ body: pidf('busy'), headers: [['Expires', '600']] })
    clock.advance(500_000)
    const second = await publish({
      headers: [['Expires', '600'], ifMatch(first.header('SIP-ETag'))],
    })
    assert.equal(second.status, 200)
    assert.notEqual(second.header('SIP-ETag'), first.header('SIP-ETag'))
    clock.advance(599_000)
    assert.equal(state(), 'busy')
    const old = await publish({ headers: [ifMatch(first.header('SIP-ETag'))] })
    assert.equal(old.status, 412)
  })

  test('is modified with a body, and stays one source', async () => {
    const { publish, presence, state } = setUp()
    const first = await publish({ body: pidf('busy') })
    const second = await publish({
      body: pidf('on-the-phone'),
      headers: [ifMatch(first.header('SIP-ETag'))],
    })
    assert.equal(second.status, 200)
    assert.equal(state(), 'on-a-call')
    assert.equal(presence.explain(BOB).reports.length, 1)
  })

  test('that is modified with a broken body stays as it was', async () => {
    const { publish, state } = setUp()
    const first = await publish({ body: pidf('busy') })
    const etag = ifMatch(first.header('SIP-ETag'))
    assert.equal((await publish({ body: '<presence', headers: [etag] })).status, 400)
    assert.equal(state(), 'busy')
    assert.equal((await publish({ headers: [etag] })).status, 200)
  })

  test('is removed with Expires 0, without body', async () => {
    const { publish, state, store } = setUp()
    const first = await publish({ body: pidf('busy') })
    const etag = ifMatch(first.header('SIP-ETag'))
    const withBody = await publish({ body: pidf('busy'), headers: [['Expires', '0'], etag] })
    assert.equal(withBody.status, 400)
    const tx = await publish({ headers: [['Expires', '0'], etag] })
    assert.equal(tx.status, 200)
    assert.equal(tx.header('Expires'), '0')
    assert.ok(tx.header('SIP-ETag'))
    assert.equal(state(), 'offline')
    assert.equal(store.records.size, 0)
    assert.equal((await publish({ headers: [etag] })).status, 412)
  })

  test('expires by itself, and its entity-tag with it', async () => {
    const { publish, clock, state, store, publishers } = setUp()
    const first = await publish({ body: pidf('busy'), headers: [['Expires', '60']] })
    clock.advance(60_000)
    assert.equal(state(), 'offline')
    assert.equal(store.records.size, 0)
    assert.equal((await publish({ headers: [ifMatch(first.header('SIP-ETag'))] })).status, 412)
    assert.deepEqual(publishers, [
      [BOB, true],
      [BOB, false],
    ])
  })

  test('with several entity-tags, or a star, gets 400', async () => {
    const { publish } = setUp()
    const first = await publish({ body: pidf('busy') })
    const etag = first.header('SIP-ETag') ?? ''
    assert.equal((await publish({ headers: [ifMatch(`${etag}, other`)] })).status, 400)
    assert.equal((await publish({ headers: [ifMatch(etag), ifMatch('other')] })).status, 400)
    assert.equal((await publish({ headers: [ifMatch('*')] })).status, 400)
  })

  test('of one resource is not found under another', async () => {
    const { publish } = setUp()
    const first = await publish({ body: pidf('busy') })
    const tx = await publish({
      uri: 'sip:alice@example.com',
      from: '<sip:alice@example.com>;tag=1',
      headers: [ifMatch(first.header('SIP-ETag'))],
    })
    assert.equal(tx.status, 412)
  })

  test('two at once are two sources; two changes of one at once are one and a 412', async () => {
    const { publish, presence } = setUp()
    const [first] = await Promise.all([
      publish({ body: pidf('busy') }),
      publish({ body: pidf('away') }),
    ])
    assert.equal(presence.explain(BOB).reports.length, 2)
    const etag = ifMatch(first?.header('SIP-ETag'))
    const both = await Promise.all([
      publish({ body: pidf('meeting'), headers: [etag] }),
      publish({ body: pidf('away'), headers: [etag] }),
    ])
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 412])
    assert.equal(presence.explain(BOB).reports.length, 2)
  })

  test('goes on after a restart, under the same entity-tag', async () => {
    const before = setUp()
    const first = await before.publish({ body: pidf('busy'), headers: [['Expires', '600']] })
    before.publications.stop()
    const after = setUp({ store: before.store, clock: before.clock })
    await after.publications.restore([presencePackage])
    assert.equal(after.state(), 'busy')
    const tx = await after.publish({ headers: [ifMatch(first.header('SIP-ETag'))] })
    assert.equal(tx.status, 200)
  })

  test('that ended while the server was down gets 412', async () => {
    const before = setUp()
    const first = await before.publish({ body: pidf('busy'), headers: [['Expires', '60']] })
    before.publications.stop()
    before.clock.advance(61_000)
    const after = setUp({ store: before.store, clock: before.clock })
    await after.publications.restore([presencePackage])
    assert.equal(after.state(), 'offline')
    assert.equal(
      (await after.publish({ headers: [ifMatch(first.header('SIP-ETag'))] })).status,
      412,
    )
  })
})

describe('a publisher whose connection closes', () => {
  const GRACE_MS = 45_000
  const by = (flow: Flow): Peer => ({ transport: 'tcp', host: '192.0.2.10', port: 40_000, flow })

  test('is unknown after a while, until he says something by another', async () => {
    const { publish, publications, clock, state } = setUp()
    const [first, second] = [fakeFlow(), fakeFlow()]
    const published = await publish({ body: pidf('busy') }, by(first))
    publications.flowClosed(first)
    assert.equal(state(), 'busy')
    clock.advance(GRACE_MS)
    assert.equal(state(), 'unknown')
    const etag = ifMatch(published.header('SIP-ETag'))
    assert.equal((await publish({ headers: [etag] }, by(second))).status, 200)
    assert.equal(state(), 'busy')
    publications.flowClosed(first)
    clock.advance(GRACE_MS)
    assert.equal(state(), 'busy')
  })

  test('while what he said is written is no less gone', async () => {
    const { publish, clock, state } = setUp()
    const flow = fakeFlow()
    flow.open = false
    await publish({ body: pidf('busy') }, by(flow))
    clock.advance(GRACE_MS)
    assert.equal(state(), 'unknown')
  })

  test('is nobody, where it is a proxy’s or a removed publication’s', async () => {
    const { publish, publications, clock, state } = setUp()
    const flow = fakeFlow()
    const via: [string, string] = ['Via', 'SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKfar']
    await publish({ body: pidf('busy'), headers: [via] }, by(flow))
    const other = await publish({ body: pidf('away') }, by(flow))
    const removal: [string, string][] = [ifMatch(other.header('SIP-ETag')), ['Expires', '0']]
    await publish({ headers: removal }, by(flow))
    publications.flowClosed(flow)
    clock.advance(GRACE_MS)
    assert.equal(state(), 'busy')
  })
})

/** RFC 5264: publishers send their presence whole, and then what changes in it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { Publications } from '../../../src/sip/events/publications.ts'
import { PublishHandler } from '../../../src/sip/events/publish.ts'
import type { PublicationRecord } from '../../../src/storage/stores/sip-publications.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  BOB,
  type Exchange,
  eventDeps,
  exchange,
  identifyByFrom,
  MemoryStore,
  resolveByUri,
  sipRequest,
} from './support.ts'

const PARTIAL = 'application/pidf-diff+xml'
const NAMESPACES =
  'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:p="urn:ietf:params:xml:ns:pidf-diff"' +
  ' xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"'
const CONTENT =
  '<tuple id="t1"><status><basic>open</basic></status></tuple>' +
  '<d:person id="p1"><r:activities><r:meeting/></r:activities></d:person>'
const FULL = `<p:pidf-full ${NAMESPACES} entity="sip:bob@example.com" version="3">${CONTENT}</p:pidf-full>`
const PIDF = `<presence ${NAMESPACES} entity="sip:bob@example.com">${CONTENT}</presence>`
const diff = (operations: string) =>
  `<p:pidf-diff ${NAMESPACES} entity="sip:bob@example.com">${operations}</p:pidf-diff>`
const REPLACED = diff('<p:replace sel="*/d:person/r:activities/r:meeting"><r:away/></p:replace>')

function setUp(store = new MemoryStore<PublicationRecord>()) {
  const clock = new FakeClock()
  const presence = new PresenceService({ clock })
  const events = eventDeps({ clock, presence })
  const publications = new Publications({ clock, log: silentLog, store, events, maxPerUser: 3 })
  const handler = new PublishHandler({
    clock,
    identify: identifyByFrom,
    resolve: resolveByUri,
    packages: [presencePackage],
    events,
    publications,
    expires: { min: 60, default: 3600, max: 86_400 },
    maxBodyBytes: 65_536,
  })
  let etag: string | undefined
  const publish = async (type: string, body: string): Promise<Exchange> => {
    const tx = await exchange(
      handler,
      sipRequest('PUBLISH', {
        uri: 'sip:bob@example.com',
        headers: [
          ['Event', 'presence'],
          ...(body === '' ? [] : [['Content-Type', type] as const]),
          ...(etag === undefined ? [] : [['SIP-If-Match', etag] as const]),
        ],
        body,
      }),
    )
    if (tx.status === 200) etag = tx.header('SIP-ETag')
    return tx
  }
  return {
    clock,
    presence,
    publications,
    publish,
    state: () => presence.document(BOB).person.state,
    tuples: () => presence.document(BOB).tuples,
  }
}

for (const [name, type, body] of [
  ['pidf-full', PARTIAL, FULL],
  ['PIDF', 'application/pidf+xml', PIDF],
] as const) {
  describe(`presence published as ${name}`, () => {
    test('holds, and is modified by what has changed (RFC 5264 §4.3)', async () => {
      const { publish, state, tuples } = setUp()
      assert.equal((await publish(type, body)).status, 200)
      assert.equal(state(), 'in-a-meeting')
      assert.equal((await publish(PARTIAL, REPLACED)).status, 200)
      assert.equal(state(), 'away')
      assert.equal(tuples().length, 1)
      const added = diff(
        '<p:add sel="*/tuple" pos="after"><tuple id="t2"><status><basic>open</basic></status></tuple></p:add>',
      )
      assert.equal((await publish(PARTIAL, added)).status, 200)
      assert.equal(state(), 'away')
      assert.equal(tuples().length, 2)
    })

    test('is replaced as a whole by pidf-full, and by PIDF', async () => {
      const { publish, state } = setUp()
      await publish(type, body)
      assert.equal((await publish(PARTIAL, FULL.replace('r:meeting', 'r:busy'))).status, 200)
      assert.equal(state(), 'busy')
      assert.equal((await publish('application/pidf+xml', PIDF)).status, 200)
      assert.equal(state(), 'in-a-meeting')
      assert.equal((await publish(PARTIAL, REPLACED)).status, 200)
      assert.equal(state(), 'away')
    })

    test('ends as a whole when it is not refreshed', async () => {
      const { publish, state, clock } = setUp()
      await publish(type, body)
      await publish(PARTIAL, REPLACED)
      clock.advance(3_600_000)
      assert.equal(state(), 'offline')
    })

    test('is modified after a restart, too', async () => {
      const store = new MemoryStore<PublicationRecord>()
      const before = setUp(store)
      await before.publish(type, body)
      const etag = [...store.records.values()][0]?.etag ?? ''
      const { publications, state } = setUp(store)
      await publications.restore([presencePackage])
      assert.equal(state(), 'in-a-meeting')
      const publication = publications.find(BOB, 'presence', etag)
      assert.ok(publication)
      const change = { contentType: PARTIAL, body: Buffer.from(REPLACED) }
      await publications.update(publication, change, { expiresAt: 9e12, flow: undefined })
      assert.equal(state(), 'away')
    })
  })
}

describe('a partial publication that cannot be', () => {
  test('a difference to nothing (RFC 5264 §4.3.2)', async () => {
    const { publish, state } = setUp()
    const { status, response } = await publish(PARTIAL, REPLACED)
    assert.equal(status, 400)
    assert.equal(response?.reason, 'Invalid Partial Publication')
    assert.equal(state(), 'offline')
  })

  test('a patch that does not fit is told why, and changes nothing (RFC 5261 §5.1)', async () => {
    const { publish, state } = setUp()
    await publish(PARTIAL, FULL)
    const both = diff('<p:remove sel="*/d:person"/><p:remove sel="*/tuple[@id=\'t9\']"/>')
    const tx = await publish(PARTIAL, both)
    assert.equal(tx.status, 400)
    assert.equal(tx.header('Content-Type'), 'application/patch-ops-error+xml')
    assert.match(tx.response?.body.toString() ?? '', /<unlocated-node phrase=/)
    assert.equal(state(), 'in-a-meeting')
    assert.equal((await publish(PARTIAL, REPLACED)).status, 200)
    assert.equal(state(), 'away')
  })

  const refused: [what: string, body: string, status: number, condition?: RegExp][] = [
    ['not XML', '<p:pidf-diff', 400, /invalid-diff-format/],
    [
      'another document',
      '<presence xmlns="urn:ietf:params:xml:ns:pidf"/>',
      400,
      /invalid-diff-format/,
    ],
    ['what it makes is no PIDF', diff('<p:replace sel="*"><x xmlns=""/></p:replace>'), 400],
    [
      'what it makes is no status',
      diff('<p:replace sel="*/tuple/status/basic/text()">ajar</p:replace>'),
      400,
    ],
  ]
  for (const [what, body, status, condition] of refused) {
    test(`${what}: ${status}`, async () => {
      const { publish, state } = setUp()
      await publish(PARTIAL, FULL)
      const tx = await publish(PARTIAL, body)
      assert.equal(tx.status, status)
      if (condition) assert.match(tx.response?.body.toString() ?? '', condition)
      assert.equal(state(), 'in-a-meeting')
    })
  }

  test('what it makes is too large: 413', async () => {
    const { publish } = setUp()
    await publish(PARTIAL, FULL)
    const long = diff(`<p:add sel="*"><note>${'x'.repeat(40_000)}</note></p:add>`)
    assert.equal((await publish(PARTIAL, long)).status, 200)
    assert.equal((await publish(PARTIAL, long)).status, 413)
  })

  test('another type is refused with those that are taken (RFC 5264 §4.1)', async () => {
    const { publish } = setUp()
    const tx = await publish('application/xpidf+xml', '<a/>')
    assert.equal(tx.status, 415)
    assert.equal(tx.header('Accept'), 'application/pidf+xml, application/pidf-diff+xml')
  })
})

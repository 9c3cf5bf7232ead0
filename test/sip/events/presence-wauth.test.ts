import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AUTH_POLICY } from '../../../src/formats/pres-rules/model.ts'
import { WATCHERINFO } from '../../../src/formats/watcherinfo.ts'
import type { EventDeps } from '../../../src/sip/events/event-package.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { presenceWauthPackage } from '../../../src/sip/events/presence-wauth.ts'
import { Publications } from '../../../src/sip/events/publications.ts'
import { PublishHandler } from '../../../src/sip/events/publish.ts'
import type { PublicationRecord } from '../../../src/storage/stores/sip-publications.ts'
import { silentLog } from '../../../src/util/log.ts'
import { testAccess } from '../../support/access.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  ALICE,
  BOB,
  eventDeps,
  exchange,
  identifyByFrom,
  MemoryStore,
  type RequestInit,
  resolveByUri,
  sipRequest,
} from './support.ts'

const OWNER = '<sip:alice@example.com>;tag=alice1'

/** `<watcher …>uri</watcher>`, one for each decision. */
function decisions(...rows: [uri: string, attributes: string][]): string {
  const watchers = rows.map(([uri, attributes]) => `<watcher id="a" ${attributes}>${uri}</watcher>`)
  return (
    '<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" xmlns:h="urn:heliograph:access"' +
    ' version="0" state="partial">' +
    '<watcher-list resource="sip:alice@example.com" package="presence">' +
    `${watchers.join('')}</watcher-list></watcherinfo>`
  )
}

function setUp(people: EventDeps['people'] = eventDeps().people) {
  const clock = new FakeClock()
  const access = testAccess({ clock })
  const events = eventDeps({ clock, access, people })
  const store = new MemoryStore<PublicationRecord>()
  const handler = new PublishHandler({
    clock,
    events,
    identify: identifyByFrom,
    resolve: resolveByUri,
    packages: [presencePackage, presenceWauthPackage],
    publications: new Publications({ clock, log: silentLog, store, events, maxPerUser: 1 }),
    expires: { min: 60, default: 3600, max: 7200 },
    maxBodyBytes: 10_000,
  })
  const publish = (body: string | undefined, init: RequestInit = {}, type = WATCHERINFO) =>
    exchange(
      handler,
      sipRequest('PUBLISH', {
        from: OWNER,
        ...(body !== undefined && { body }),
        ...init,
        headers: [
          ['Event', 'presence.wauth'],
          ...(body === undefined ? [] : [['Content-Type', type] as const]),
          ...(init.headers ?? []),
        ],
      }),
    )
  const rules = () =>
    access
      .rules({ presentity: ALICE })
      .map(({ watcher, action, level }) => `${watcher} ${action} ${level}`)
      .sort()
  return { access, store, publish, rules }
}

describe('a decision by presence.wauth', () => {
  test('lets in, keeps out or makes ask, one watcher or many at once', async () => {
    const { publish, rules } = setUp()
    const tx = await publish(
      decisions(
        ['sip:bob@example.com', 'status="active" event="approved"'],
        ['xmpp:carol@partner.example', 'status="terminated" event="rejected"'],
        ['sip:dave@partner.example;user=ip', 'status="terminated"'],
        ['pres:erin@partner.example', 'status="pending" event="subscribe"'],
      ),
    )
    assert.equal(tx.status, 200)
    assert.ok(tx.header('SIP-ETag'))
    assert.equal(tx.header('Expires'), '3600')
    assert.deepEqual(rules(), [
      'bob@example.com allow All',
      'carol@partner.example block All',
      'dave@partner.example block All',
      'erin@partner.example confirm All',
    ])
  })

  test('is about the level that it names, and lets in to nothing else', async () => {
    const { publish, rules } = setUp()
    const level = 'status="active" h:level="Telephony"'
    assert.equal((await publish(decisions(['sip:bob@example.com', level]))).status, 200)
    assert.deepEqual(rules(), ['bob@example.com allow Telephony', 'bob@example.com block All'])
    const all = decisions(['sip:bob@example.com', 'status="active"'])
    assert.equal((await publish(all)).status, 200)
    assert.deepEqual(rules(), ['bob@example.com allow All'])
  })

  test('is none where a watcher waits, gave up or is the presentity himself', async () => {
    const { publish, rules } = setUp()
    const body = decisions(
      ['sip:bob@example.com', 'status="waiting" event="timeout"'],
      ['sip:carol@example.com', 'status="terminated" event="timeout"'],
      ['sip:alice@example.com', 'status="active" event="subscribe"'],
    )
    assert.equal((await publish(body)).status, 200)
    const other = body
      .replace('package="presence"', 'package="dialog"')
      .replace('waiting', 'active')
    assert.equal((await publish(other)).status, 200)
    assert.deepEqual(rules(), [])
  })

  test('about one phone of a watcher holds for his other one, that waits still', async () => {
    const { publish, rules } = setUp()
    const [waits, decided] = ['status="pending"', 'status="active"']
    await publish(decisions(['sip:bob@example.com', waits], ['sip:bob@example.com', decided]))
    await publish(decisions(['sip:dave@example.com', decided], ['sip:dave@example.com', waits]))
    assert.deepEqual(rules(), ['bob@example.com allow All', 'dave@example.com allow All'])
  })

  test('is the presentity’s alone, whoever else is trusted', async () => {
    const { publish, rules } = setUp()
    const body = decisions(['sip:bob@example.com', 'status="active"'])
    for (const from of ['<sip:bob@example.com>;tag=b', '<sip:alice@partner.example>;tag=x']) {
      assert.equal((await publish(body, { from })).status, 403)
    }
    assert.deepEqual(rules(), [])
  })

  test('is refused as a whole where a part of it cannot be', async () => {
    const { publish, rules } = setUp()
    const good: [string, string] = ['sip:bob@example.com', 'status="active"']
    const refused = async (status: number, body: string) =>
      assert.equal((await publish(body)).status, status, body)
    await refused(400, decisions(good, ['sip:carol@example.com', 'status="alive"']))
    await refused(400, decisions(good, ['sip:example.com', 'status="active"']))
    await refused(400, decisions(good, ['tel:+4312345', 'status="active"']))
    await refused(400, decisions(good, ['sip:c@example.com', 'status="active" h:level="Nobody"']))
    await refused(400, decisions(good, ['sip:bob@example.com', 'status="terminated"']))
    await refused(400, decisions(good).replace('sip:alice@', 'sip:bob@'))
    await refused(400, '<presence/>')
    await refused(413, decisions(...Array.from({ length: 200 }, () => good)))
    assert.deepEqual(rules(), [])
  })

  test('is a command: nothing is kept, a refresh does nothing, and no end undoes it', async () => {
    const { access, publish, rules, store } = setUp()
    const body = decisions(['sip:bob@example.com', 'status="active"'])
    const done = await publish(body)
    assert.equal(store.records.size, 0)
    await access.removeAll({ presentity: ALICE })
    const etag: [string, string] = ['SIP-If-Match', done.header('SIP-ETag') ?? '']
    const refreshed = await publish(undefined, { headers: [etag] })
    assert.equal(refreshed.status, 200)
    assert.notEqual(refreshed.header('SIP-ETag'), etag[1])
    assert.deepEqual(rules(), [])
    await publish(body)
    const removed = await publish(undefined, { headers: [etag, ['Expires', '0']] })
    assert.equal(removed.status, 200)
    assert.deepEqual(rules(), ['bob@example.com allow All'])
    assert.equal((await publish(body, { headers: [etag, ['Expires', '0']] })).status, 400)
    assert.equal((await publish(undefined)).status, 400)
  })
})

describe('a policy by presence.wauth', () => {
  const policy = (rules: string) =>
    '<ruleset xmlns="urn:ietf:params:xml:ns:common-policy"' +
    ` xmlns:pr="urn:ietf:params:xml:ns:pres-rules">${rules}</ruleset>`
  const rule = (watcher: string, handling: string) =>
    `<rule id="r${watcher.length}"><conditions><identity><one id="sip:${watcher}"/></identity></conditions>` +
    `<actions><pr:sub-handling>${handling}</pr:sub-handling></actions><transformations>` +
    (handling === 'allow'
      ? '<pr:provide-services><pr:all-services/></pr:provide-services>' +
        '<pr:provide-persons><pr:all-persons/></pr:provide-persons><pr:provide-devices><pr:all-devices/></pr:provide-devices><pr:provide-all-attributes/>'
      : '') +
    '</transformations></rule>'
  const send = (it: ReturnType<typeof setUp>, body: string) => it.publish(body, {}, AUTH_POLICY)

  test('replaces the rules of the presentity, and not those of an administrator', async () => {
    const it = setUp()
    await it.publish(decisions(['sip:dave@example.com', 'status="terminated"']))
    const enforced = {
      level: 'All',
      action: 'block',
      enforced: true,
      refusesMessages: false,
    } as const
    await it.access.put({ presentity: ALICE, watcher: 'erin@partner.example', ...enforced })
    const tx = await send(it, policy(rule('bob@example.com', 'allow')))
    assert.equal(tx.status, 200)
    const rules = it.rules()
    assert.ok(rules.includes('bob@example.com allow All'))
    assert.ok(rules.includes('erin@partner.example block All'))
    assert.ok(!rules.some((one) => one.startsWith('dave@')))
  })

  test('means a user by any of his addresses', async () => {
    const { people } = eventDeps()
    const it = setUp({
      ...people,
      resolve: async (address) =>
        address.endsWith('robert@example.com')
          ? { kind: 'user', account: BOB }
          : people.resolve(address),
    })
    await it.access.put({
      presentity: ALICE,
      watcher: BOB,
      level: 'All',
      action: 'block',
      enforced: false,
      refusesMessages: false,
    })
    assert.equal((await send(it, policy(rule('robert@example.com', 'allow')))).status, 200)
    assert.deepEqual(it.rules(), ['* block All', 'bob@example.com allow All'])
  })

  test('is refused, with the reason, where rules cannot say the same', async () => {
    const it = setUp()
    await it.publish(decisions(['sip:dave@example.com', 'status="active"']))
    const before = it.rules()
    const sphere = '<rule id="a"><conditions><sphere value="work"/></conditions></rule>'
    const tx = await send(it, policy(sphere))
    assert.equal(tx.status, 400)
    assert.match(tx.header('Warning') ?? '', /^399 heliograph ".*sphere.*"$/)
    assert.equal((await send(it, '<ruleset/>')).status, 400)
    assert.deepEqual(it.rules(), before)
  })

  test('leaves the block list alone, and lets in nobody who is on it', async () => {
    const it = setUp()
    const block = { level: 'All', action: 'block', enforced: false, refusesMessages: true } as const
    await it.access.put({ presentity: ALICE, watcher: 'mallory@partner.example', ...block })
    const isBlocked = () =>
      it.access.rules({ presentity: ALICE, refusesMessages: true }).map(({ watcher }) => watcher)
    assert.equal((await send(it, policy(rule('mallory@partner.example', 'allow')))).status, 400)
    assert.equal((await send(it, policy(rule('bob@example.com', 'allow')))).status, 200)
    assert.deepEqual(isBlocked(), ['mallory@partner.example'])
  })
})

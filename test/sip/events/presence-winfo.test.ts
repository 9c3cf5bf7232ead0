import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import type { LiveWatch } from '../../../src/core/presence/watchers.ts'
import { WATCHERINFO } from '../../../src/formats/watcherinfo.ts'
import type { SipRequest } from '../../../src/sip/message/message.ts'
import { parseDocument } from '../../../src/xml/document.ts'
import { inDialog, type Setup, STATE, setUp } from './notifier-rig.ts'
import { ALICE, BOB, exchange, settle, sipRequest } from './support.ts'

const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 10, maxAttributes: 20 }
const WINFO: [string, string] = ['Event', 'presence.winfo']
const OWNER = '<sip:alice@example.com>;tag=alice1'
const DAVE = '<sip:dave@example.com>;tag=d'

interface Row {
  [attribute: string]: string | undefined
}

function read(request: SipRequest) {
  const root = parseDocument(request.body, LIMITS)
  const list = root.child('watcher-list')
  const rows = [...(list?.elements() ?? [])].map(
    (watcher): Row => ({ ...watcher.attrs, uri: watcher.text() }),
  )
  return { version: root.attr('version'), state: root.attr('state'), list, rows }
}

const brief = ({ uri, status, event }: Row) => `${uri} ${status} ${event}`

/** Alice watches her watchers; NOTIFYs are answered unless told. */
async function watched(setup: Setup = {}) {
  const it = setUp({ policy: 'confirm', ...setup })
  it.userAgent.answerAll = 200
  const ofAlice = () =>
    it.userAgent.sent
      .map(({ request }) => request)
      .filter((request) => request.headers.get('Event') === 'presence.winfo')
  const winfo = (headers: [string, string][] = [], from = OWNER) =>
    exchange(it.notifier, sipRequest('SUBSCRIBE', { from, headers: [WINFO, ...headers] }))
  const latest = () => {
    const last = ofAlice().at(-1)
    assert.ok(last, 'nobody was told')
    return read(last)
  }
  return { ...it, winfo, ofAlice, latest, lines: () => latest().rows.map(brief) }
}

describe('watcher information', () => {
  test('is for the presentity alone', async () => {
    const { winfo, ofAlice } = await watched({ policy: 'allow' })
    const stranger = await winfo([], '<sip:bob@example.com>;tag=b')
    assert.equal(stranger.status, 403)
    assert.equal((await winfo([], '<sip:alice@partner.example>;tag=b')).status, 403)
    await settle()
    assert.equal(ofAlice().length, 0)
    assert.equal((await winfo()).status, 200)
  })

  test('lists who watches and who waits, with all that is known of them', async () => {
    const { winfo, subscribe, rule, clock, ofAlice, latest } = await watched()
    await rule('allow')
    await subscribe({ headers: [['Expires', '600']] })
    clock.advance(90_000)
    await subscribe({ from: '"Carol C." <sip:carol@partner.example>;tag=c' })
    await winfo()
    await settle()
    const [request] = ofAlice()
    assert.equal(request?.headers.get('Content-Type'), WATCHERINFO)
    assert.match(request?.headers.get(STATE) ?? '', /^active;/)
    const { version, state, list, rows } = latest()
    assert.deepEqual([version, state], ['0', 'full'])
    assert.equal(list?.attr('resource'), 'sip:alice@example.com')
    assert.equal(list?.attr('package'), 'presence')
    const [bob, carol] = rows.map(({ id: _, ...row }) => row)
    assert.deepEqual(
      { ...bob },
      {
        ...{ uri: 'sip:bob@example.com', status: 'active', event: 'subscribe' },
        ...{ 'display-name': 'Bob B.', expiration: '510', 'duration-subscribed': '90' },
      },
    )
    assert.deepEqual(
      { ...carol },
      {
        ...{ uri: 'sip:carol@partner.example', status: 'pending', event: 'subscribe' },
        ...{ 'display-name': 'Carol C.', expiration: '3600', 'duration-subscribed': '0' },
      },
    )
  })

  test('is told anew at each change, with a version one higher and the same ids', async () => {
    const { winfo, subscribe, rule, latest, lines, events } = await watched()
    await winfo()
    await settle()
    assert.deepEqual(lines(), [])
    await subscribe()
    await settle()
    assert.deepEqual(lines(), ['sip:bob@example.com pending subscribe'])
    const [{ id } = {}] = latest().rows
    events.subscriptions.requests = []
    await rule('allow')
    await settle()
    assert.deepEqual(lines(), ['sip:bob@example.com active approved'])
    assert.equal(latest().rows[0]?.id, id)
    assert.equal(latest().version, '2')
  })

  test('tells of an end once, and why', async () => {
    const { winfo, subscribe, rule, lines, clock } = await watched({ policy: 'allow' })
    await winfo()
    const begun = await subscribe()
    await settle()
    clock.advance(1)
    await subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    await settle()
    assert.deepEqual(lines(), ['sip:bob@example.com terminated timeout'])
    clock.advance(1)
    await subscribe({ from: DAVE })
    await settle()
    assert.deepEqual(lines(), ['sip:dave@example.com active subscribe'])
    clock.advance(1)
    await rule('block', { watcher: 'dave@example.com' })
    await settle()
    assert.deepEqual(lines(), ['sip:dave@example.com terminated rejected'])
  })

  test('does not count who is blocked as a watcher, nor tell of fetches', async () => {
    const { winfo, subscribe, rule, ofAlice, lines } = await watched({ policy: 'allow' })
    await rule('block')
    await winfo()
    await settle()
    await subscribe()
    await subscribe({ from: DAVE, headers: [['Expires', '0']] })
    await settle()
    assert.equal(ofAlice().length, 1)
    assert.deepEqual(lines(), [])
  })

  test('tells that a request waits when its subscription has ended', async () => {
    const { winfo, subscribe, lines, clock } = await watched()
    await winfo()
    await subscribe({ headers: [['Expires', '60']] })
    await settle()
    clock.advance(60_000)
    await settle()
    assert.deepEqual(lines(), ['sip:bob@example.com waiting timeout'])
    await subscribe()
    await settle()
    assert.deepEqual(lines(), ['sip:bob@example.com pending subscribe'])
  })

  test('tells of requests by other protocols, and of watchers that have their answer', async () => {
    const watch = (watcher: string): LiveWatch => ({
      presentity: ALICE,
      watcher,
      protocol: 'xmpp',
      status: 'active',
      subscriptions: 1,
      roster: true,
    })
    const { winfo, lines, events } = await watched({
      policy: 'confirm',
      grants: { isGranted: (_, watcher) => watcher === 'dave@example.com' },
      events: {
        watchers: { watched: async () => [watch('dave@example.com'), watch('erin@example.com')] },
      },
    })
    events.subscriptions.requests = [{ watcher: BOB, stanza: '<presence/>' }]
    await winfo()
    await settle()
    const all = ['sip:bob@example.com pending subscribe', 'sip:dave@example.com active approved']
    assert.deepEqual(lines(), all)
    events.subscriptions.requests = []
    events.subscriptions.tell((audience) => audience.requestsChanged?.(undefined))
    await settle()
    assert.deepEqual(lines(), all.slice(1))
  })

  test('is not sent where nothing has changed, and not twice within the interval', async () => {
    const { winfo, subscribe, events, ofAlice, clock, latest } = await watched({ intervalMs: 5000 })
    await winfo()
    await settle()
    clock.advance(5000)
    events.subscriptions.tell((audience) => audience.requestsChanged?.(ALICE))
    await settle()
    assert.equal(ofAlice().length, 1)
    await subscribe()
    await subscribe({ from: DAVE })
    await settle()
    assert.equal(ofAlice().length, 2)
    clock.advance(4999)
    await settle()
    assert.equal(ofAlice().length, 2)
    clock.advance(1)
    await settle()
    assert.equal(ofAlice().length, 3)
    assert.deepEqual([latest().state, latest().rows.length], ['partial', 1])
  })

  test('tells only of those whose subscription has changed, where most has not (RFC 3858 §4.1)', async () => {
    const { winfo, subscribe, latest, lines, clock } = await watched({ policy: 'allow' })
    const carol = '<sip:carol@example.com>;tag=c'
    await subscribe()
    await subscribe({ from: DAVE })
    await winfo()
    await settle()
    assert.deepEqual([latest().state, latest().rows.length], ['full', 2])
    clock.advance(1000)
    const begun = await subscribe({ from: carol })
    await settle()
    assert.deepEqual([latest().state, latest().version], ['partial', '1'])
    assert.deepEqual(lines(), ['sip:carol@example.com active subscribe'])
    clock.advance(1000)
    await subscribe({ ...inDialog(begun, 2), from: carol, headers: [['Expires', '0']] })
    await settle()
    assert.deepEqual([latest().state, latest().version], ['partial', '2'])
    assert.deepEqual(lines(), ['sip:carol@example.com terminated timeout'])
  })

  test('is told in full after a refresh', async () => {
    const { winfo, subscribe, latest, notifier } = await watched({ policy: 'allow' })
    await subscribe()
    await subscribe({ from: DAVE })
    const begun = await winfo()
    await subscribe({ from: '<sip:carol@partner.example>;tag=c' })
    await settle()
    assert.equal(latest().state, 'partial')
    const refresh = { ...inDialog(begun, 2), from: OWNER }
    await exchange(notifier, sipRequest('SUBSCRIBE', { ...refresh, headers: [WINFO] }))
    await settle()
    assert.deepEqual([latest().state, latest().rows.length], ['full', 3])
  })

  test('is what a filter leaves of it, and told when that changes (RFC 4660 §7.2)', async () => {
    const { notifier, subscribe, ofAlice, lines, rule, events } = await watched()
    const filter =
      '<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"><ns-bindings>' +
      '<ns-binding prefix="wi" urn="urn:ietf:params:xml:ns:watcherinfo"/></ns-bindings>' +
      '<filter id="1" uri="sip:alice@example.com"><what><include>' +
      '/wi:watcherinfo/wi:watcher-list/wi:watcher[@status="pending" or @status="waiting"]' +
      '</include></what></filter></filter-set>'
    await exchange(
      notifier,
      sipRequest('SUBSCRIBE', {
        from: OWNER,
        headers: [WINFO, ['Content-Type', 'application/simple-filter+xml']],
        body: filter,
      }),
    )
    await settle()
    assert.equal(ofAlice().at(-1)?.body.length, 0)
    await subscribe()
    await subscribe({ from: DAVE })
    await settle()
    assert.deepEqual(lines(), [
      'sip:bob@example.com pending subscribe',
      'sip:dave@example.com pending subscribe',
    ])
    const told = ofAlice().length
    events.subscriptions.requests = []
    await rule('allow')
    await settle()
    assert.equal(ofAlice().length, told + 1)
    assert.deepEqual(lines(), ['sip:dave@example.com pending subscribe'])
  })
})

describe('a SUBSCRIBE that needs the word of the presentity', () => {
  test('asks for it once it is stored, and again at a refresh', async () => {
    const { subscribe, events, store } = await watched()
    let storedFirst = false
    const ask = events.subscriptions.ask.bind(events.subscriptions)
    events.subscriptions.ask = (presentity, watcher) => {
      storedFirst = store.records.size === 1
      return ask(presentity, watcher)
    }
    const begun = await subscribe()
    assert.ok(storedFirst)
    await subscribe(inDialog(begun, 2))
    assert.deepEqual(events.subscriptions.asked, [
      [ALICE, BOB],
      [ALICE, BOB],
    ])
  })

  test('asks for what it does not see yet, too, and for a fetch', async () => {
    const { subscribe, events, rule } = await watched()
    await rule('allow', { level: 'Telephony' })
    await subscribe()
    await subscribe({ from: '<sip:carol@partner.example>;tag=c', headers: [['Expires', '0']] })
    assert.deepEqual(
      events.subscriptions.asked.map(([, watcher]) => watcher),
      [BOB, 'carol@partner.example'],
    )
  })

  test('asks for nobody who has no address, and not where it is let in or kept out', async () => {
    const { subscribe, events, rule } = await watched({ policy: 'allow' })
    await subscribe({ from: '<tel:+4312345>;tag=t' })
    await subscribe({ from: '<sip:anonymous@anonymous.invalid>;tag=t' })
    await rule('block')
    await subscribe()
    await subscribe({ from: DAVE })
    assert.deepEqual(events.subscriptions.asked, [])
  })

  test('is asked for again when a rule about everybody takes its answer, not one about it', async () => {
    const { subscribe, events, rule } = await watched({ policy: 'allow' })
    await subscribe()
    await subscribe({ from: DAVE })
    await rule('confirm')
    await settle()
    assert.deepEqual(events.subscriptions.asked, [])
    await rule('confirm', { watcher: '*' })
    await settle()
    assert.deepEqual(events.subscriptions.asked, [[ALICE, 'dave@example.com']])
  })

  test('is answered 200 all the same where the question cannot be put', async () => {
    const { subscribe, events } = await watched()
    events.subscriptions.ask = async () => {
      throw new Error('the list is full')
    }
    assert.equal((await subscribe()).status, 200)
  })

  test('ends with rejected when the presentity says no', async () => {
    const { subscribe, events, userAgent, table } = await watched()
    await subscribe()
    await subscribe({ from: DAVE })
    await settle()
    const refuse = (presentity: BareJid) =>
      events.subscriptions.tell((audience) => audience.refused?.(presentity, BOB))
    refuse(BOB)
    assert.equal(table.size, 2)
    refuse(ALICE)
    const { request } = userAgent.last
    assert.equal(request.headers.get(STATE), 'terminated;reason=rejected')
    assert.match(request.headers.get('To') ?? '', /bob@/)
    assert.equal(table.size, 1)
  })
})

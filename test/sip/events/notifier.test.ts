import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PIDF } from '../../../src/formats/pidf.ts'
import { RESTORE_DELAY_MS, RESTORE_SPREAD_MS } from '../../../src/sip/events/restoration.ts'
import { EVENT, inDialog, STATE, setUp } from './notifier-rig.ts'
import { exchange, fakeFlow, settle, sipRequest } from './support.ts'

describe('SUBSCRIBE', () => {
  test('is answered 200 with Expires and Contact, and followed by a NOTIFY with the state', async () => {
    const { subscribe, userAgent, says } = setUp()
    says('busy')
    const tx = await subscribe({ headers: [['Expires', '600']] })
    assert.equal(tx.status, 200)
    assert.equal(tx.header('Expires'), '600')
    assert.equal(tx.header('Contact'), '<sip:192.0.2.1:5060>')
    const { request, peer } = userAgent.last
    assert.equal(request.method, 'NOTIFY')
    assert.equal(request.uri, 'sip:bob@192.0.2.10:5060')
    assert.equal(request.headers.get('Event'), 'presence')
    assert.equal(request.headers.get(STATE), 'active;expires=600')
    assert.equal(request.headers.get('Content-Type'), PIDF)
    assert.equal(request.headers.get('CSeq'), '1 NOTIFY')
    assert.equal(request.headers.get('From'), tx.header('To'))
    assert.equal(request.headers.get('To'), tx.header('From'))
    assert.match(request.body.toString(), /entity="sip:alice@example\.com"/)
    assert.equal(peer?.host, '192.0.2.10')
  })

  test('without Expires lasts the default, and more than the maximum is shortened', async () => {
    const { subscribe } = setUp()
    assert.equal((await subscribe()).header('Expires'), '3600')
    const long = await subscribe({ headers: [['Expires', '999999']] })
    assert.equal(long.header('Expires'), '86400')
  })

  test('echoes the id of the Event header', async () => {
    const { notifier, userAgent } = setUp()
    await exchange(notifier, sipRequest('SUBSCRIBE', { headers: [['Event', 'presence;id=a7']] }))
    assert.equal(userAgent.last.request.headers.get('Event'), 'presence;id=a7')
  })

  test('for an unknown package gets 489 and the packages that there are', async () => {
    const { notifier } = setUp()
    const tx = await exchange(notifier, sipRequest('SUBSCRIBE', { headers: [['Event', 'dialog']] }))
    assert.equal(tx.status, 489)
    assert.equal(tx.header('Allow-Events'), 'presence, presence.winfo')
    const without = await exchange(notifier, sipRequest('SUBSCRIBE'))
    assert.equal(without.status, 489)
  })

  test('that accepts nothing of ours gets 406', async () => {
    const { subscribe } = setUp()
    assert.equal((await subscribe({ headers: [['Accept', 'text/plain']] })).status, 406)
    assert.equal((await subscribe({ headers: [['Accept', 'application/*']] })).status, 200)
  })

  test('for less than the minimum gets 423 and Min-Expires', async () => {
    const { subscribe } = setUp()
    const tx = await subscribe({ headers: [['Expires', '59']] })
    assert.equal(tx.status, 423)
    assert.equal(tx.header('Min-Expires'), '60')
  })

  test('with an Expires that is no number, or without Contact, gets 400', async () => {
    const { subscribe, notifier } = setUp()
    assert.equal((await subscribe({ headers: [['Expires', 'soon']] })).status, 400)
    const request = sipRequest('SUBSCRIBE', { headers: EVENT })
    request.headers.remove('Contact')
    assert.equal((await exchange(notifier, request)).status, 400)
  })

  test('with a body that it does not describe, or that is not taken, gets 415', async () => {
    const { subscribe } = setUp()
    assert.equal((await subscribe({ body: '<filter-set/>' })).status, 415)
  })

  test('for nobody gets 404, in a dialog that does not exist 481', async () => {
    const { subscribe } = setUp()
    assert.equal((await subscribe({ uri: 'sip:nobody@example.com' })).status, 404)
    assert.equal((await subscribe({ to: '<sip:alice@example.com>;tag=gone' })).status, 481)
  })

  test('above the watcher’s limit gets 403, above the server’s 503 and Retry-After', async () => {
    const few = setUp({ perWatcher: 1 })
    await few.subscribe()
    assert.equal((await few.subscribe()).status, 403)
    const full = setUp({ total: 1 })
    await full.subscribe()
    const tx = await full.subscribe()
    assert.equal(tx.status, 503)
    assert.ok(tx.header('Retry-After'))
  })

  test('with Expires 0 fetches: one NOTIFY, terminated, and nothing stays', async () => {
    const { subscribe, userAgent, table, store, says, clock } = setUp()
    const tx = await subscribe({ headers: [['Expires', '0']] })
    assert.equal(tx.status, 200)
    assert.equal(tx.header('Expires'), '0')
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=timeout')
    assert.ok(userAgent.last.request.body.length > 0)
    await userAgent.last.answer(200)
    says('away')
    clock.advance(100_000_000)
    assert.equal(userAgent.sent.length, 1)
    assert.equal(table.size, 0)
    assert.equal(store.records.size, 0)
  })

  test('through proxies sets the route of every NOTIFY, whatever a refresh says', async () => {
    const { subscribe, userAgent } = setUp()
    const routes: [string, string][] = [
      ['Via', 'SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bKother'],
      ['Record-Route', '<sip:p1.example.net;lr;r2=on>, <sip:p2.example.net;lr>'],
    ]
    const begun = await subscribe({ headers: routes })
    const { request, peer } = userAgent.last
    assert.equal(peer, undefined)
    assert.deepEqual(request.headers.getAll('Route'), [
      '<sip:p1.example.net;lr;r2=on>',
      '<sip:p2.example.net;lr>',
    ])
    await userAgent.last.answer(200)
    await subscribe({
      ...inDialog(begun, 2),
      headers: [routes[0] ?? ['', ''], ['Record-Route', '<sip:other.example.net;lr>']],
    })
    assert.equal(userAgent.last.request.headers.getAll('Route').length, 2)
  })
})

describe('a refresh', () => {
  test('extends the subscription and is followed by a NOTIFY though nothing changed', async () => {
    const { subscribe, userAgent, clock, table } = setUp()
    const begun = await subscribe({ headers: [['Expires', '600']] })
    await userAgent.last.answer(200)
    clock.advance(500_000)
    const tx = await subscribe({ ...inDialog(begun, 2), headers: [['Expires', '600']] })
    assert.equal(tx.status, 200)
    assert.equal(userAgent.sent.length, 2)
    assert.equal(userAgent.last.request.headers.get('CSeq'), '2 NOTIFY')
    assert.equal(userAgent.last.request.headers.get(STATE), 'active;expires=600')
    clock.advance(599_000)
    assert.equal(table.size, 1)
  })

  test('with a CSeq that goes back gets 500, of another package 489, of another id 481', async () => {
    const { subscribe, notifier, userAgent } = setUp()
    const begun = await subscribe({ cseq: 5 })
    await userAgent.last.answer(200)
    assert.equal((await subscribe(inDialog(begun, 5))).status, 500)
    const other: [string, string][] = [['Event', 'presence;id=x']]
    const tx = await exchange(
      notifier,
      sipRequest('SUBSCRIBE', { ...inDialog(begun, 6), headers: other }),
    )
    assert.equal(tx.status, 481)
  })

  test('by somebody else is refused', async () => {
    const { subscribe } = setUp()
    const begun = await subscribe()
    const tx = await subscribe({
      ...inDialog(begun, 2),
      from: '<sip:mallory@example.com>;tag=bob1',
    })
    assert.equal(tx.status, 403)
  })

  test('with Expires 0 ends it with a last NOTIFY; a later one gets 481', async () => {
    const { subscribe, userAgent, table, store } = setUp()
    const begun = await subscribe()
    await userAgent.last.answer(200)
    const tx = await subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    assert.equal(tx.status, 200)
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=timeout')
    assert.equal(table.size, 0)
    await settle()
    assert.equal(store.records.size, 0)
    assert.equal((await subscribe(inDialog(begun, 3))).status, 481)
  })

  test('that crosses a NOTIFY gets its own when that is answered', async () => {
    const { subscribe, userAgent } = setUp()
    const begun = await subscribe()
    await subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    assert.equal(userAgent.sent.length, 1)
    await userAgent.last.answer(200)
    assert.equal(userAgent.sent.length, 2)
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=timeout')
    await userAgent.last.answer(481) // is as good as 200
    assert.equal(userAgent.sent.length, 2)
  })

  test('an un-SUBSCRIBE that meets a 481 to a NOTIFY on the way ends in silence', async () => {
    const { subscribe, userAgent } = setUp()
    const begun = await subscribe()
    await subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    await userAgent.last.answer(481)
    assert.equal(userAgent.sent.length, 1)
  })
})

describe('NOTIFY', () => {
  test('one waits for its answer; two changes meanwhile make one more, with the latest state', async () => {
    const { subscribe, userAgent, says } = setUp()
    await subscribe()
    says('busy')
    says('away')
    assert.equal(userAgent.sent.length, 1)
    await userAgent.last.answer(200)
    assert.equal(userAgent.sent.length, 2)
    assert.match(userAgent.last.request.body.toString(), /away/)
    assert.equal(userAgent.last.request.headers.get('CSeq'), '2 NOTIFY')
    await userAgent.last.answer(200)
    assert.equal(userAgent.sent.length, 2)
  })

  test('is not sent where the watcher would see no difference', async () => {
    const { subscribe, userAgent, says } = setUp({ policy: 'block' })
    await subscribe()
    await userAgent.last.answer(200)
    says('busy')
    await settle()
    assert.equal(userAgent.sent.length, 1)
  })

  test('waits for the interval since the last one, a final one does not', async () => {
    const { subscribe, userAgent, says, clock } = setUp({ intervalMs: 5000 })
    const begun = await subscribe()
    await userAgent.last.answer(200)
    says('busy')
    says('away')
    clock.advance(4999)
    assert.equal(userAgent.sent.length, 1)
    clock.advance(1)
    assert.equal(userAgent.sent.length, 2)
    await userAgent.last.answer(200)
    says('busy')
    await subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    assert.equal(userAgent.sent.length, 3)
    clock.advance(10_000)
    assert.equal(userAgent.sent.length, 3)
  })

  test('an expired subscription ends with terminated;reason=timeout', async () => {
    const { subscribe, userAgent, clock, table, store } = setUp()
    await subscribe({ headers: [['Expires', '60']] })
    await userAgent.last.answer(200)
    clock.advance(60_000)
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=timeout')
    assert.equal(table.size, 0)
    await settle()
    assert.equal(store.records.size, 0)
  })

  for (const status of [481, 404, 489, 501]) {
    test(`answered ${status} removes the subscription without another word`, async () => {
      const { subscribe, userAgent, says, table } = setUp()
      await subscribe()
      await userAgent.last.answer(status)
      assert.equal(table.size, 0)
      says('busy')
      assert.equal(userAgent.sent.length, 1)
    })
  }

  for (const status of [408, 500, 503]) {
    test(`answered ${status} is tried again, and given up after so many in a row`, async () => {
      const { subscribe, userAgent, clock, table } = setUp({ maxFailures: 2 })
      await subscribe()
      await userAgent.last.answer(status)
      assert.equal(table.size, 1)
      clock.advance(30_000)
      assert.equal(userAgent.sent.length, 2)
      await userAgent.last.answer(200)
      await settle()
      assert.equal(table.size, 1)
    })
  }

  test('an answer between failures starts the count anew', async () => {
    const { subscribe, userAgent, clock, table, says } = setUp({ maxFailures: 2 })
    await subscribe()
    await userAgent.last.answer(408)
    clock.advance(30_000)
    await userAgent.last.answer(200)
    says('busy')
    await userAgent.last.answer(408)
    assert.equal(table.size, 1)
    clock.advance(30_000)
    await userAgent.last.answer(408)
    assert.equal(table.size, 0)
  })

  test('Retry-After is kept to', async () => {
    const { subscribe, userAgent, clock, says, table } = setUp()
    await subscribe()
    await userAgent.last.answer(503, [['Retry-After', '120 (later)']])
    says('busy')
    clock.advance(119_999)
    assert.equal(userAgent.sent.length, 1)
    clock.advance(1)
    assert.equal(userAgent.sent.length, 2)
    assert.equal(table.size, 1)
  })

  test('a watcher who needs a confirmation is pending and sees an offline person', async () => {
    const { subscribe, userAgent, says } = setUp({ policy: 'confirm' })
    says('busy')
    await subscribe({ headers: [['Expires', '600']] })
    assert.equal(userAgent.last.request.headers.get(STATE), 'pending;expires=600')
    assert.doesNotMatch(userAgent.last.request.body.toString(), /busy/)
  })

  test('a blocked watcher is active and sees what an offline person’s watchers see', async () => {
    const blocked = setUp({ policy: 'block' })
    blocked.says('busy')
    await blocked.subscribe({ headers: [['Expires', '600']] })
    const allowed = setUp()
    await allowed.subscribe({ headers: [['Expires', '600']] })
    const shown = blocked.userAgent.last.request
    const offline = allowed.userAgent.last.request
    assert.equal(shown.headers.get(STATE), 'active;expires=600')
    assert.deepEqual(shown.body.toString(), offline.body.toString())
    assert.deepEqual([...shown.headers].length, [...offline.headers].length)
  })

  test('all watchers of the same view share one rendering', async () => {
    const { subscribe, userAgent, says } = setUp()
    says('busy')
    await subscribe()
    const first = userAgent.last.request.body
    await subscribe({ from: '<sip:carol@example.com>;tag=c' })
    assert.equal(userAgent.last.request.body, first)
  })
})

describe('a TCP watcher', () => {
  const flow = fakeFlow()
  const source = { transport: 'tcp' as const, host: '192.0.2.10', port: 40_000, flow }

  test('gets NOTIFYs by its own connection, and by its Contact once that is gone', async () => {
    const { subscribe, userAgent, says, store } = setUp()
    await subscribe({}, source)
    assert.equal(userAgent.last.peer?.flow, flow)
    assert.equal(store.records.size, 0)
    await userAgent.last.answer(200)
    flow.open = false
    says('busy')
    assert.equal(userAgent.last.peer, undefined)
    flow.open = true
  })

  test('whose Contact leads nowhere is told when it subscribes again', async () => {
    const { notifier, userAgent, says } = setUp()
    const init = { headers: EVENT }
    const request = sipRequest('SUBSCRIBE', init)
    request.headers.set('Contact', '<sip:x@abc.invalid;transport=ws>')
    const begun = await exchange(notifier, request, source)
    await userAgent.last.answer(200)
    flow.open = false
    says('busy')
    assert.equal(userAgent.sent.length, 1)
    flow.open = true
    const again = sipRequest('SUBSCRIBE', { ...inDialog(begun, 2), headers: EVENT })
    again.headers.set('Contact', '<sip:x@abc.invalid;transport=ws>')
    await exchange(notifier, again, source)
    assert.equal(userAgent.sent.length, 2)
    assert.match(userAgent.last.request.body.toString(), /busy/)
  })

  test('is told to subscribe again when the server stops', async () => {
    const { subscribe, userAgent, notifier } = setUp()
    await subscribe({}, source)
    await userAgent.last.answer(200)
    const stopping = notifier.stop()
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=deactivated')
    await userAgent.last.answer(200)
    await stopping
  })
})

describe('over a restart', () => {
  test('a UDP subscription goes on in the same dialog with a CSeq far above', async () => {
    const before = setUp()
    const begun = await before.subscribe({ headers: [['Expires', '600']] })
    await before.userAgent.last.answer(200)
    await before.notifier.stop()
    assert.equal(before.userAgent.sent.length, 1)

    const after = setUp({ store: before.store, clock: before.clock })
    await after.notifier.restore()
    // NOTIFYs after a restart are spread at random: all of them are out by then.
    after.clock.advance(RESTORE_DELAY_MS + RESTORE_SPREAD_MS)
    const { request, peer } = after.userAgent.last
    assert.equal(request.headers.get('Call-ID'), begun.request.headers.get('Call-ID'))
    assert.equal(request.headers.get('From'), begun.header('To'))
    assert.ok(Number.parseInt(request.headers.get('CSeq') ?? '', 10) > 1000)
    assert.equal(peer?.host, '192.0.2.10')
    await after.userAgent.last.answer(200)
    const tx = await after.subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    assert.equal(tx.status, 200)
  })

  test('the CSeq goes up with each restart, though nothing is written in between (RFC 3261 §12.2.2)', async () => {
    const before = setUp()
    await before.subscribe()
    await before.userAgent.last.answer(200)
    let last = 1
    for (let restart = 0; restart < 3; restart += 1) {
      // Without a word of the one before: it was killed.
      const after = setUp({ store: before.store, clock: before.clock })
      await after.notifier.restore()
      after.clock.advance(RESTORE_DELAY_MS + RESTORE_SPREAD_MS)
      await after.userAgent.last.answer(200)
      after.says(restart % 2 === 0 ? 'busy' : 'away')
      for (const { request } of after.userAgent.sent) {
        const cseq = Number.parseInt(request.headers.get('CSeq') ?? '', 10)
        assert.ok(cseq > last, `${cseq} after ${last}`)
        last = cseq
      }
      assert.equal(after.userAgent.sent.length, 2)
    }
  })

  test('the CSeq on disk never falls more than the gap behind', async () => {
    const { subscribe, userAgent, store, says } = setUp()
    userAgent.answerAll = 200
    await subscribe()
    for (let count = 0; count < 1200; count += 1) {
      says(count % 2 === 0 ? 'busy' : 'away')
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [record] = store.records.values()
    const saved = JSON.parse(record?.dialog ?? '{}').dialog.localCseq
    assert.ok(userAgent.sent.length - saved < 1000)
    assert.ok(saved >= 500)
  })

  test('one that expired meanwhile is forgotten', async () => {
    const before = setUp()
    await before.subscribe({ headers: [['Expires', '60']] })
    await before.userAgent.last.answer(200)
    await before.notifier.stop()
    before.clock.advance(61_000)
    const after = setUp({ store: before.store, clock: before.clock })
    await after.notifier.restore()
    assert.equal(after.table.size, 0)
  })
})

test('without an interval of the operator’s, each package has its own', async () => {
  const it = setUp({ intervalMs: 'packages' })
  await it.subscribe()
  await it.userAgent.last.answer(200)
  it.says('busy')
  it.clock.advance(4_999)
  assert.equal(it.userAgent.sent.length, 1)
  it.clock.advance(1)
  assert.equal(it.userAgent.sent.length, 2)
})

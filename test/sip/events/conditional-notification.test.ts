/** RFC 5839: a watcher who says what he has is not told it again. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RESTORE_DELAY_MS, RESTORE_SPREAD_MS } from '../../../src/sip/events/restoration.ts'
import { inDialog, type Setup, STATE, setUp } from './notifier-rig.ts'
import { settle } from './support.ts'

const TAG = 'SIP-ETag'

async function begun(setup: Setup = {}, condition?: string) {
  const it = setUp(setup)
  it.says('busy')
  const headers: [string, string][] = condition ? [['Suppress-If-Match', condition]] : []
  const tx = await it.subscribe({ headers })
  let cseq = 1
  const refresh = (...headers: [string, string][]) => {
    cseq += 1
    return it.subscribe({ ...inDialog(tx, cseq), headers })
  }
  const last = () => it.userAgent.last.request
  return { ...it, tx, refresh, last, tag: () => last().headers.get(TAG) ?? '' }
}

describe('entity-tags (RFC 5839 §6.1)', () => {
  test('come with every document, the same for the same state, another for another', async () => {
    const { tag, userAgent, says, last } = await begun()
    const busy = tag()
    assert.match(busy, /^[\w-]{16}$/)
    await userAgent.last.answer(200)
    says('away')
    const away = tag()
    assert.notEqual(away, busy)
    await userAgent.last.answer(200)
    says('busy')
    assert.ok(last().body.length > 0)
    assert.notEqual(tag(), away)
  })

  test('are the same for another watcher of the same, and after a restart', async () => {
    const { tag, subscribe, store, clock, presence, access } = await begun()
    const first = tag()
    await subscribe({ from: '<sip:carol@example.com>;tag=c' })
    assert.equal(tag(), first)
    const after = setUp({ store, clock, access, events: { presence } })
    await after.notifier.restore()
    clock.advance(RESTORE_DELAY_MS + RESTORE_SPREAD_MS)
    assert.equal(after.userAgent.last.request.headers.get(TAG), first)
  })

  test('differ with the URI that was asked for, which the document names', async () => {
    const { tag, subscribe } = await begun()
    const first = tag()
    await subscribe({ uri: 'sips:alice@example.com' })
    assert.notEqual(tag(), first)
  })
})

describe('Suppress-If-Match in a dialog (RFC 5839 §6.3)', () => {
  test('that says what the watcher would be told gets 204, and no NOTIFY', async () => {
    const { refresh, tag, userAgent, clock } = await begun()
    await userAgent.last.answer(200)
    clock.advance(1_000)
    const tx = await refresh(['Suppress-If-Match', tag()], ['Expires', '900'])
    assert.equal(tx.status, 204)
    assert.equal(tx.response?.reason, 'No Notification')
    assert.equal(tx.header('Expires'), '900')
    assert.ok(tx.header('Contact'))
    assert.equal(userAgent.sent.length, 1)
  })

  test('extends the subscription', async () => {
    const { refresh, tag, userAgent, clock, table } = await begun()
    await userAgent.last.answer(200)
    clock.advance(3_000_000)
    await refresh(['Suppress-If-Match', tag()])
    clock.advance(3_000_000)
    assert.equal(table.size, 1)
    clock.advance(1_000_000)
    assert.equal(table.size, 0)
  })

  test('that says something else is answered 200 and told all', async () => {
    const { refresh, userAgent, last } = await begun()
    await userAgent.last.answer(200)
    assert.equal((await refresh(['Suppress-If-Match', 'other'])).status, 200)
    assert.equal(userAgent.sent.length, 2)
    assert.ok(last().body.length > 0)
  })

  test('suppresses nothing once the state is another', async () => {
    const { refresh, tag, userAgent, says, last } = await begun()
    await userAgent.last.answer(200)
    await refresh(['Suppress-If-Match', tag()])
    says('away')
    assert.equal(userAgent.sent.length, 2)
    assert.ok(last().body.length > 0)
    await userAgent.last.answer(200)
    // What was true once is not true again: he has another document now.
    says('busy')
    assert.ok(last().body.length > 0)
  })

  test('leaves the body out of a NOTIFY that tells of another status (§6.2)', async () => {
    const { refresh, tag, userAgent, rule, last } = await begun({ policy: 'confirm' })
    const pending = tag()
    assert.equal(last().headers.get(STATE), 'pending;expires=3600')
    await userAgent.last.answer(200)
    assert.equal((await refresh(['Suppress-If-Match', pending])).status, 204)
    // A polite block shows what who waits has been shown.
    await rule('block')
    await settle()
    assert.equal(userAgent.sent.length, 2)
    assert.match(last().headers.get(STATE) ?? '', /^active/)
    assert.equal(tag(), pending)
    assert.equal(last().body.length, 0)
    assert.equal(last().headers.get('Content-Type'), undefined)
  })

  test('is answered 200 where the status has not been told yet', async () => {
    const { refresh, tag, userAgent, last } = await begun()
    const tx = await refresh(['Suppress-If-Match', tag()])
    assert.equal(tx.status, 200)
    await userAgent.last.answer(200)
    assert.equal(userAgent.sent.length, 2)
    assert.equal(last().body.length, 0)
  })

  test('ends the subscription without a word (§5.7)', async () => {
    const { refresh, tag, userAgent, table, store } = await begun()
    await userAgent.last.answer(200)
    const tx = await refresh(['Suppress-If-Match', tag()], ['Expires', '0'])
    assert.equal(tx.status, 204)
    assert.equal(tx.header('Expires'), '0')
    assert.equal(userAgent.sent.length, 1)
    assert.equal(table.size, 0)
    await settle()
    assert.equal(store.records.size, 0)
  })

  test('that is not true ends it as ever', async () => {
    const { refresh, userAgent, last } = await begun()
    await userAgent.last.answer(200)
    const tx = await refresh(['Suppress-If-Match', 'other'], ['Expires', '0'])
    assert.equal(tx.status, 200)
    assert.equal(last().headers.get(STATE), 'terminated;reason=timeout')
    assert.ok(last().body.length > 0)
  })

  test('has to be one entity-tag', async () => {
    const { refresh } = await begun()
    assert.equal((await refresh(['Suppress-If-Match', 'a b'])).status, 400)
    const two = await refresh(['Suppress-If-Match', 'a'], ['Suppress-If-Match', 'b'])
    assert.equal(two.status, 400)
  })
})

describe('Suppress-If-Match of a new subscription (RFC 5839 §5.5)', () => {
  test('resumes it: a NOTIFY without body, and with the entity-tag', async () => {
    const { tag, subscribe, last, userAgent, says } = await begun()
    const known = tag()
    const tx = await subscribe({ headers: [['Suppress-If-Match', known]] })
    assert.equal(tx.status, 200)
    assert.equal(userAgent.sent.length, 2)
    assert.equal(last().headers.get(STATE), 'active;expires=3600')
    assert.equal(last().body.length, 0)
    assert.equal(last().headers.get('Content-Type'), undefined)
    assert.equal(tag(), known)
    await userAgent.last.answer(200)
    says('busy')
    assert.equal(userAgent.sent.length, 2)
    says('away')
    assert.ok(last().body.length > 0)
  })

  test('polls (§5.4)', async () => {
    const { tag, subscribe, last, says } = await begun()
    const headers: [string, string][] = [
      ['Suppress-If-Match', tag()],
      ['Expires', '0'],
    ]
    await subscribe({ headers })
    assert.equal(last().headers.get(STATE), 'terminated;reason=timeout')
    assert.equal(last().body.length, 0)
    says('away')
    await subscribe({ headers })
    assert.ok(last().body.length > 0)
  })
})

describe('Suppress-If-Match: * (RFC 5839 §5.2)', () => {
  test('quenches the subscription until the next SUBSCRIBE', async () => {
    const { refresh, userAgent, says, clock, last } = await begun()
    await userAgent.last.answer(200)
    assert.equal((await refresh(['Suppress-If-Match', '*'])).status, 204)
    says('away')
    says('available')
    clock.advance(600_000)
    assert.equal(userAgent.sent.length, 1)
    assert.equal((await refresh()).status, 200)
    assert.ok(last().body.length > 0)
  })

  test('lets through that the status changes, without the body', async () => {
    const { refresh, userAgent, rule, last, tag } = await begun({ policy: 'confirm' })
    await userAgent.last.answer(200)
    await refresh(['Suppress-If-Match', '*'])
    await rule('allow')
    await settle()
    assert.equal(last().headers.get(STATE), 'active;expires=3600')
    assert.equal(last().body.length, 0)
    assert.match(tag(), /^[\w-]{16}$/)
  })

  test('of a new subscription gets one NOTIFY without body, though it has to be sent twice', async () => {
    const { userAgent, says, last, clock } = await begun({}, '*')
    assert.equal(last().body.length, 0)
    await userAgent.last.answer(503)
    clock.advance(60_000)
    assert.equal(userAgent.sent.length, 2)
    assert.equal(last().body.length, 0)
    await userAgent.last.answer(200)
    says('away')
    clock.advance(60_000)
    assert.equal(userAgent.sent.length, 2)
  })

  test('holds over a restart', async () => {
    const before = await begun({}, '*')
    await before.userAgent.last.answer(200)
    await before.notifier.stop()
    const after = setUp({ store: before.store, clock: before.clock })
    await after.notifier.restore()
    after.clock.advance(RESTORE_DELAY_MS + RESTORE_SPREAD_MS)
    assert.equal(after.userAgent.last.request.body.length, 0)
    await after.userAgent.last.answer(200)
    after.says('away')
    assert.equal(after.userAgent.sent.length, 1)
  })

  test('is over with an un-SUBSCRIBE that does not say it', async () => {
    const { refresh, userAgent, last } = await begun({}, '*')
    await userAgent.last.answer(200)
    assert.equal((await refresh(['Expires', '0'])).status, 200)
    assert.equal(last().headers.get(STATE), 'terminated;reason=timeout')
    assert.ok(last().body.length > 0)
  })
})

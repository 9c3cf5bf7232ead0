/** Subscriptions that are not kept, each with the reason of RFC 6665 §4.1.3 that fits. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import {
  RESTORE_DELAY_MS,
  RESTORE_SPREAD_MS,
  spreadOf,
} from '../../../src/sip/events/restoration.ts'
import { inDialog, type Setup, STATE, setUp } from './notifier-rig.ts'
import { fakeFlow, settle } from './support.ts'

const DAY_MS = 86_400_000

function restarted(before: ReturnType<typeof setUp>, setup: Setup = {}) {
  const after = setUp({ store: before.store, clock: before.clock, ...setup })
  const state = () => after.userAgent.last.request.headers.get(STATE) ?? ''
  return {
    ...after,
    state,
    async restore() {
      await after.notifier.restore()
      after.clock.advance(RESTORE_DELAY_MS + RESTORE_SPREAD_MS)
      await settle()
    },
  }
}

describe('giveup', () => {
  async function waiting(setup: Setup = {}) {
    const it = setUp({ policy: 'confirm', ...setup })
    it.userAgent.answerAll = 200
    const tx = await it.subscribe({ headers: [['Expires', '86400']] })
    const state = () => it.userAgent.last.request.headers.get(STATE) ?? ''
    let cseq = 1
    const refresh = () => {
      cseq += 1
      return it.subscribe({ ...inDialog(tx, cseq), headers: [['Expires', '86400']] })
    }
    return { ...it, state, refresh }
  }

  test('ends what has waited too long for the presentity’s word, however often it is refreshed', async () => {
    const { clock, state, refresh, table } = await waiting({ pendingTimeoutMs: 2 * DAY_MS })
    clock.advance(0.9 * DAY_MS)
    await refresh()
    clock.advance(0.9 * DAY_MS)
    await refresh()
    assert.match(state(), /^pending/)
    clock.advance(0.2 * DAY_MS + 1_000)
    assert.match(state(), /^terminated;reason=giveup;retry-after=3[6-9]\d\d$/)
    assert.equal(table.size, 0)
  })

  test('is no matter of who was let in', async () => {
    const { clock, state, rule, table } = await waiting({ pendingTimeoutMs: DAY_MS / 2 })
    await rule('allow')
    await settle()
    clock.advance(0.9 * DAY_MS)
    assert.match(state(), /^active/)
    assert.equal(table.size, 1)
  })

  test('counts what was waited before a restart', async () => {
    const before = await waiting({ pendingTimeoutMs: DAY_MS / 2 })
    before.clock.advance(DAY_MS / 4)
    await before.notifier.stop()
    const after = restarted(before, { policy: 'confirm', pendingTimeoutMs: DAY_MS / 2 })
    after.userAgent.answerAll = 200
    await after.restore()
    assert.match(after.state(), /^pending/)
    after.clock.advance(DAY_MS / 4)
    assert.match(after.state(), /^terminated;reason=giveup/)
  })
})

describe('probation', () => {
  const RETRY = /^terminated;reason=probation;retry-after=\d+$/

  test('ends what there is no room for after a restart', async () => {
    const before = setUp()
    before.userAgent.answerAll = 200
    await before.subscribe()
    await before.subscribe()
    await before.notifier.stop()
    const after = restarted(before, { total: 1 })
    after.userAgent.answerAll = 200
    await after.restore()
    assert.equal(after.table.size, 1)
    const ended = after.userAgent.sent.filter(({ request }) =>
      RETRY.test(request.headers.get(STATE) ?? ''),
    )
    assert.equal(ended.length, 1)
    assert.equal(ended[0]?.request.body.length, 0)
  })

  test('ends what a bug of ours keeps from being told', async () => {
    let broken = false
    const faulty: typeof presencePackage = {
      ...presencePackage,
      render: (...args) => {
        if (broken) throw new Error('a bug')
        return presencePackage.render(...args)
      },
    }
    const { subscribe, userAgent, says, table, store } = setUp({ packages: [faulty] })
    await subscribe()
    await userAgent.last.answer(200)
    broken = true
    says('away')
    assert.match(userAgent.last.request.headers.get(STATE) ?? '', RETRY)
    assert.equal(userAgent.last.request.body.length, 0)
    assert.equal(table.size, 0)
    await settle()
    assert.equal(store.records.size, 0)
  })
})

describe('deactivated', () => {
  for (const transport of ['tcp', 'tls'] as const) {
    test(`ends what came by ${transport} when the server stops`, async () => {
      const { subscribe, userAgent, notifier, store } = setUp()
      userAgent.answerAll = 200
      const flow = fakeFlow(transport)
      await subscribe({}, { transport, host: '192.0.2.10', port: 5060, flow })
      await notifier.stop()
      const { request, peer } = userAgent.last
      assert.equal(request.headers.get(STATE), 'terminated;reason=deactivated')
      assert.equal(peer?.flow, flow)
      assert.equal(store.records.size, 0)
    })
  }
})

describe('what a UDP watcher asked for besides', () => {
  test('survives a restart', async () => {
    const before = setUp()
    before.userAgent.answerAll = 200
    await before.subscribe({}, undefined, 'presence;max-rate=0.05;min-rate=0.01')
    await before.notifier.stop()
    const after = restarted(before)
    after.userAgent.answerAll = 200
    await after.restore()
    assert.match(after.state(), /;max-rate=0\.05;min-rate=0\.01$/)
    after.clock.advance(100_000)
    assert.equal(after.userAgent.sent.length, 2)
  })
})

describe('the limit of subscriptions for each peer', () => {
  const from = (host: string) => ({ transport: 'udp', host, port: 5060 }) as const
  test('refuses with 503 and Retry-After, and lets others in', async () => {
    const it = setUp({ perPeer: 1 })
    assert.equal((await it.subscribe()).status, 200)
    const refused = await it.subscribe()
    assert.equal(refused.status, 503)
    assert.ok(refused.header('Retry-After'))
    const via: [string, string][] = [
      ['Via', 'SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bKproxy'],
      ['Record-Route', '<sip:192.0.2.20;lr>'],
    ]
    assert.equal((await it.subscribe({ headers: via }, from('192.0.2.20'))).status, 200)
    assert.equal((await it.subscribe({ headers: via }, from('192.0.2.20'))).status, 503)
  })

  test('follows a watcher who moves', async () => {
    const it = setUp({ perPeer: 1 })
    const begun = await it.subscribe()
    const moved = { transport: 'tcp', host: '192.0.2.30', port: 5060, flow: fakeFlow() } as const
    assert.equal((await it.subscribe(inDialog(begun, 2), moved)).status, 200)
    assert.equal((await it.subscribe({}, moved)).status, 503)
    assert.equal((await it.subscribe()).status, 200)
  })

  test('makes room when one ends', async () => {
    const it = setUp({ perPeer: 1 })
    const begun = await it.subscribe()
    await it.subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    assert.equal((await it.subscribe()).status, 200)
  })
})

test('the NOTIFYs after a restart are spread the wider the more they are, and are out within a minute', () => {
  assert.equal(spreadOf(10), RESTORE_SPREAD_MS)
  assert.equal(spreadOf(18_000), 12_000)
  assert.equal(spreadOf(1_000_000), 30_000)
})

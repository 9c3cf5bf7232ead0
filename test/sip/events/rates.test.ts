import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRates, RateControl, requireRates } from '../../../src/sip/events/rates.ts'
import { parseEvent } from '../../../src/sip/message/values.ts'
import { inDialog, type Setup, STATE, setUp } from './notifier-rig.ts'
import { settle } from './support.ts'

const LIMITS = { intervalMs: 5_000, restMs: 3_600_000, now: 0 }

function control(params: string, limits = LIMITS) {
  const rates = parseRates(parseEvent(`presence${params}`)?.params ?? new Map())
  assert.ok(rates)
  return new RateControl(rates, limits)
}

describe('rates as they are adopted (RFC 6446)', () => {
  const said = (params: string, limits = LIMITS) => control(params, limits).toString()

  test('are said as they were asked for where nothing speaks against it', () => {
    assert.equal(said(';max-rate=0.1;min-rate=0.01'), ';max-rate=0.1;min-rate=0.01')
    assert.equal(said(';adaptive-min-rate=0.05'), ';adaptive-min-rate=0.05')
  })

  test('are not above the package’s own (§5.3)', () => {
    assert.equal(said(';max-rate=10'), ';max-rate=0.2')
    assert.equal(said(';min-rate=99'), ';min-rate=0.2')
  })

  test('without one of the package’s own are what was asked for, but repetitions have a limit', () => {
    const free = { ...LIMITS, intervalMs: 0 }
    assert.equal(said(';max-rate=10', free), ';max-rate=10')
    assert.equal(said(';min-rate=99', free), ';min-rate=1')
  })

  test('are never so low that the subscription ends before the next NOTIFY (§5.3)', () => {
    assert.equal(said(';max-rate=0.0000000001'), ';max-rate=0.0002777778')
  })

  test('min-rate and adaptive-min-rate are not above max-rate (§8)', () => {
    assert.equal(
      said(';max-rate=0.05;min-rate=0.1;adaptive-min-rate=0.2'),
      ';max-rate=0.05;min-rate=0.05;adaptive-min-rate=0.05',
    )
  })

  test('a min-rate that is not below adaptive-min-rate is not considered (§8)', () => {
    assert.equal(said(';min-rate=0.1;adaptive-min-rate=0.05'), ';adaptive-min-rate=0.05')
  })

  test('are refused where they are none (§9.2); zero is none', () => {
    for (const bad of ['0', '0.0', '100', '-1', '1.', '.5', 'x', '1.12345678901', '']) {
      const params = parseEvent(`presence;max-rate="${bad}"`)?.params ?? new Map()
      assert.throws(() => requireRates(params), /Bad Rate/, bad)
    }
  })

  test('make the silence after a burst of NOTIFYs longer (§7.4)', () => {
    const rates = control(';adaptive-min-rate=0.1')
    rates.sent(0)
    assert.equal(rates.silenceMs, 10_000)
    for (let at = 1; at <= 10; at += 1) rates.sent(at * 100)
    assert.ok((rates.silenceMs ?? 0) >= 19_000)
    rates.sent(200_000)
    assert.equal(rates.silenceMs, 1_000)
  })

  test('an adaptive silence is neither below that of max-rate nor above that of min-rate (§7.4, §8)', () => {
    const rates = control(';max-rate=0.1;adaptive-min-rate=0.09;min-rate=0.05')
    rates.sent(1_000_000)
    assert.equal(rates.silenceMs, 10_000)
    for (let at = 0; at < 60; at += 1) rates.sent(1_000_000 + at)
    assert.equal(rates.silenceMs, 20_000)
  })
})

async function begun(params: string, setup: Setup = {}) {
  const it = setUp(setup)
  it.says('busy')
  const send = (init: Parameters<typeof it.subscribe>[0], params: string) =>
    it.subscribe(init, undefined, `presence${params}`)
  const tx = await send({}, params)
  let cseq = 1
  const refresh = (params: string, headers: [string, string][] = []) => {
    cseq += 1
    return send({ ...inDialog(tx, cseq), headers }, params)
  }
  const state = () => it.userAgent.last.request.headers.get(STATE)
  return { ...it, tx, refresh, state }
}

describe('max-rate (RFC 6446 §5)', () => {
  test('is said in Subscription-State, and keeps NOTIFYs apart', async () => {
    const { userAgent, state, says, clock } = await begun(';max-rate=0.05')
    assert.equal(state(), 'active;expires=3600;max-rate=0.05')
    await userAgent.last.answer(200)
    says('away')
    clock.advance(19_000)
    says('available')
    assert.equal(userAgent.sent.length, 1)
    clock.advance(1_000)
    assert.equal(userAgent.sent.length, 2)
    assert.doesNotMatch(userAgent.last.request.body.toString(), /away/)
  })

  test('lets the package’s own interval stand', async () => {
    const { userAgent, says, clock, state } = await begun(';max-rate=50', { intervalMs: 5_000 })
    assert.match(state() ?? '', /;max-rate=0\.2$/)
    await userAgent.last.answer(200)
    says('away')
    clock.advance(4_000)
    assert.equal(userAgent.sent.length, 1)
    clock.advance(1_000)
    assert.equal(userAgent.sent.length, 2)
  })

  test('does not delay the NOTIFY of a SUBSCRIBE, nor the last', async () => {
    const { userAgent, refresh, state } = await begun(';max-rate=0.05')
    await userAgent.last.answer(200)
    await refresh(';max-rate=0.05')
    assert.equal(userAgent.sent.length, 2)
    await userAgent.last.answer(200)
    await refresh(';max-rate=0.05', [['Expires', '0']])
    assert.equal(userAgent.sent.length, 3)
    assert.match(state() ?? '', /^terminated;reason=timeout/)
  })

  test('does not delay that he is let in, but other decisions (§5.2)', async () => {
    const { userAgent, rule, clock, state } = await begun(';max-rate=0.05', { policy: 'confirm' })
    await userAgent.last.answer(200)
    await rule('allow')
    await settle()
    assert.equal(userAgent.sent.length, 2)
    assert.match(state() ?? '', /^active/)
    await userAgent.last.answer(200)
    await rule('block')
    await settle()
    assert.equal(userAgent.sent.length, 2)
    clock.advance(20_000)
    assert.equal(userAgent.sent.length, 3)
  })

  test('is changed by a refresh, and removed by one without it', async () => {
    const { userAgent, refresh, state, says } = await begun(';max-rate=0.05')
    await userAgent.last.answer(200)
    await refresh(';max-rate=0.1')
    assert.match(state() ?? '', /;max-rate=0\.1$/)
    await userAgent.last.answer(200)
    await refresh('')
    assert.equal(state(), 'active;expires=3600')
    await userAgent.last.answer(200)
    says('away')
    assert.equal(userAgent.sent.length, 4)
  })

  test('is changed by the answer to a NOTIFY (§9.3), for good', async () => {
    const { userAgent, says, clock, store } = await begun(';max-rate=0.01;min-rate=0.005')
    await userAgent.last.answer(200, [['Event', 'presence;max-rate=0.5']])
    await settle()
    assert.match([...store.records.values()][0]?.dialog ?? '', /\["max-rate","0\.5"\]/)
    says('away')
    clock.advance(2_000)
    assert.equal(userAgent.sent.length, 2)
    assert.match(userAgent.last.request.headers.get(STATE) ?? '', /;max-rate=0\.5$/)
  })

  test('is left as it is by an answer about another event, or without Event', async () => {
    const { userAgent, refresh, state } = await begun(';max-rate=0.05')
    await userAgent.last.answer(200, [['Event', 'dialog;max-rate=0.5']])
    await refresh(';max-rate=0.05')
    await userAgent.last.answer(200)
    assert.match(state() ?? '', /;max-rate=0\.05$/)
  })

  test('that is malformed is refused', async () => {
    const { tx } = await begun(';max-rate=0')
    assert.equal(tx.status, 400)
  })
})

describe('min-rate (RFC 6446 §6)', () => {
  test('repeats what has not changed', async () => {
    const { userAgent, clock, state } = await begun(';min-rate=0.02')
    assert.equal(state(), 'active;expires=3600;min-rate=0.02')
    await userAgent.last.answer(200)
    clock.advance(49_000)
    assert.equal(userAgent.sent.length, 1)
    clock.advance(1_000)
    assert.equal(userAgent.sent.length, 2)
    assert.ok(userAgent.last.request.body.length > 0)
    await userAgent.last.answer(200)
    clock.advance(50_000)
    assert.equal(userAgent.sent.length, 3)
  })

  test('counts from the last NOTIFY, whatever it told', async () => {
    const { userAgent, clock, says } = await begun(';min-rate=0.02')
    await userAgent.last.answer(200)
    clock.advance(40_000)
    says('away')
    await userAgent.last.answer(200)
    clock.advance(40_000)
    assert.equal(userAgent.sent.length, 2)
    clock.advance(10_000)
    assert.equal(userAgent.sent.length, 3)
  })

  test('repeats nothing to who has said that he has it (RFC 5839)', async () => {
    const { userAgent, clock, refresh, says } = await begun(';min-rate=0.02')
    await userAgent.last.answer(200)
    const tag = userAgent.last.request.headers.get('SIP-ETag') ?? ''
    const tx = await refresh(';min-rate=0.02', [['Suppress-If-Match', tag]])
    assert.equal(tx.status, 204)
    clock.advance(200_000)
    assert.equal(userAgent.sent.length, 1)
    says('away')
    assert.equal(userAgent.sent.length, 2)
    await userAgent.last.answer(200)
    clock.advance(50_000)
    assert.equal(userAgent.sent.length, 3)
  })

  test('ends with the subscription', async () => {
    const { userAgent, clock, refresh } = await begun(';min-rate=0.02')
    await userAgent.last.answer(200)
    await refresh('', [['Expires', '0']])
    await userAgent.last.answer(200)
    clock.advance(500_000)
    assert.equal(userAgent.sent.length, 2)
  })

  test('has no timer where it is not asked for', async () => {
    const { userAgent, clock } = await begun('')
    await userAgent.last.answer(200)
    clock.advance(3_000_000)
    assert.equal(userAgent.sent.length, 1)
  })
})

describe('adaptive-min-rate (RFC 6446 §7)', () => {
  test('repeats as the rolling average wants it', async () => {
    const { userAgent, clock, says, state } = await begun(';adaptive-min-rate=0.1')
    assert.match(state() ?? '', /;adaptive-min-rate=0\.1$/)
    await userAgent.last.answer(200)
    clock.advance(10_000)
    assert.equal(userAgent.sent.length, 2)
    await userAgent.last.answer(200)
    for (const activity of ['away', 'busy', 'away', 'busy'] as const) {
      says(activity)
      await userAgent.last.answer(200)
    }
    assert.equal(userAgent.sent.length, 6)
    clock.advance(12_000)
    assert.equal(userAgent.sent.length, 6)
    clock.advance(3_000)
    assert.equal(userAgent.sent.length, 7)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { quantile } from '../../bench/harness/generator.ts'
import {
  json,
  markdown,
  meetsBar,
  PROFILED,
  type Row,
  type Run,
  ratio,
  spread,
} from '../../bench/harness/report.ts'
import type { Figures, ServerName } from '../../bench/harness/scenario.ts'

const SCENARIO = {
  name: 'chat',
  unit: 'µs a message',
  servers: ['heliograph', 'prosody', 'ejabberd'] as const,
  bar: { reach: 0.5, aim: 0.25 },
  run: () => Promise.reject(new Error('not run')),
}

const costing = (...costs: number[]): Figures[] => costs.map((cost) => ({ cost, operations: 1 }))

function rowOf(rounds: Partial<Record<ServerName, readonly Figures[]>>): Row {
  const entries = Object.entries(rounds).map(([name, figures]) => [name as ServerName, figures])
  return { scenario: SCENARIO, rounds: new Map(entries as [ServerName, readonly Figures[]][]) }
}

function runOf(row: Row, more: Partial<Run> = {}): Run {
  const versions = { heliograph: '1' }
  const seconds = { accounts: 12.4, chat: 113 }
  return {
    date: '2026-01-01',
    quick: false,
    isProfiled: false,
    versions,
    seconds,
    rows: [row],
    ...more,
  }
}

describe('statistics', () => {
  it('of an odd and an even number of values', () => {
    assert.deepEqual(spread([3, 10, 1]), { median: 3, min: 1, max: 10 })
    assert.deepEqual(spread([4, 1, 2, 10]), { median: 3, min: 1, max: 10 })
  })

  it('sort numbers as numbers', () => assert.equal(quantile([100, 9, 20], 0.5), 20))
  it('take the tail', () =>
    assert.equal(
      quantile(
        Array.from({ length: 101 }, (_, n) => 100 - n),
        0.99,
      ),
      99,
    ))
})

describe('the ratio', () => {
  it('compares a round with that round, and with the peer that costs least in it', () => {
    const row = rowOf({
      heliograph: costing(10, 30, 40),
      prosody: costing(100, 60, 50),
      ejabberd: costing(50, 100, 200),
    })
    assert.deepEqual(ratio(row), { median: 0.5, min: 0.2, max: 0.8 })
    assert.equal(meetsBar(row), true)
  })

  it('misses the bar above it', () =>
    assert.equal(meetsBar(rowOf({ heliograph: costing(51), prosody: costing(100) })), false))

  it('is nothing where there is no peer', () => {
    assert.equal(ratio(rowOf({ heliograph: costing(1) })), undefined)
    assert.equal(meetsBar(rowOf({ heliograph: costing(1) })), undefined)
  })
})

describe('the generator', () => {
  const NOTE = /chat, heliograph: the generator is the limit/
  const withShares = (generatorShare: number, serverShare: number) =>
    markdown(
      runOf(rowOf({ heliograph: [{ cost: 1, operations: 1, generatorShare, serverShare }] })),
    )

  it('is named where it has no core to spare and the server has', () =>
    assert.match(withShares(0.9, 0.89), NOTE))
  it('is not the limit where the server has none either', () =>
    assert.doesNotMatch(withShares(0.95, 0.9), NOTE))
  it('is not the limit below that', () => assert.doesNotMatch(withShares(0.89, 0.2), NOTE))
})

describe('the report', () => {
  const row = rowOf({ heliograph: costing(1234.5), prosody: costing(5.678) })

  it('has a row with medians, spread, ratio and bar', () =>
    assert.match(
      markdown(runOf(row)),
      /\| chat, µs a message \| 5.68 \(5.68–5.68\) \| 1,235 \(1,235–1,235\) \| \*\*217.42\*\* .* \| 0.5 \| 0.25 \|/,
    ))

  it('says how long everything took', () =>
    assert.match(markdown(runOf(row)), /Took 2 min 5 s: accounts 12 s; chat 113 s\./))

  it('marks a run that was profiled, and no other', () => {
    assert.ok(markdown(runOf(row, { isProfiled: true })).includes(PROFILED))
    assert.ok(!markdown(runOf(row)).includes(PROFILED))
    assert.equal(JSON.parse(json(runOf(row, { isProfiled: true }))).isProfiled, true)
  })

  it('keeps every figure for other programs', () => {
    const { scenarios, seconds } = JSON.parse(json(runOf(row)))
    assert.deepEqual(scenarios[0].rounds.prosody, costing(5.678))
    assert.equal(scenarios[0].meetsBar, false)
    assert.equal(seconds.chat, 113)
  })
})

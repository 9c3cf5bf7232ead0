import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, silentLog } from '../../src/util/log.ts'
import { metrics } from '../../src/util/metrics.ts'
import { eventLoopBacklog, OverloadWatch } from '../../src/util/overload.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { REFUSE_ABOVE_MS, SteeredOverload } from '../support/overload.ts'

test('a wait above the limit is overload, one at the limit is not', () => {
  const { watch, ...it } = steered()
  it.waits(REFUSE_ABOVE_MS)
  assert.equal(watch.isOverloaded, false)
  it.waits(REFUSE_ABOVE_MS + 1)
  assert.equal(watch.isOverloaded, true)
})

test('overload ends after a second in which nothing waits longer than a fifth of the limit', () => {
  const { watch, ...it } = steered()
  it.waits(REFUSE_ABOVE_MS + 1)
  it.waits(101, 60_000)
  assert.equal(watch.isOverloaded, true, 'below the limit, and not calm')
  it.waits(100, 1_000)
  assert.equal(watch.isOverloaded, true, 'calm for less than a second')
  it.waits(101)
  it.waits(100, 1_000)
  assert.equal(watch.isOverloaded, true, 'not a second without a break')
  it.waits(100)
  assert.equal(watch.isOverloaded, false)
})

test('it begins again after it has ended', () => {
  const { watch, ...it } = steered()
  it.waits(REFUSE_ABOVE_MS + 1)
  it.waits(0, 1_100)
  assert.equal(watch.isOverloaded, false)
  it.waits(REFUSE_ABOVE_MS + 1)
  assert.equal(watch.isOverloaded, true)
  it.waits(0, 1_000)
  assert.equal(watch.isOverloaded, true, 'the calm of before does not count')
})

test('the longest of all waits decides, as long as it is watched', () => {
  const { watch, ...it } = steered()
  const other = watch.watch({ waitMs: () => 1_000 })
  it.waits(0)
  assert.equal(watch.isOverloaded, true)
  other[Symbol.dispose]()
  it.waits(0, 1_100)
  assert.equal(watch.isOverloaded, false)
})

test('what waited for the start is no overload', () => {
  let now = 0
  const clock = new FakeClock()
  const watch = new OverloadWatch({ clock, log: silentLog, refuseAboveMs: REFUSE_ABOVE_MS })
  watch.watch(eventLoopBacklog(() => now))
  now += 5_000
  clock.advance(5_000)
  watch.start()
  now += 100
  clock.advance(100)
  assert.equal(watch.isOverloaded, false)
  now += REFUSE_ABOVE_MS + 101
  clock.advance(100)
  assert.equal(watch.isOverloaded, true, 'later it counts')
})

test('0 turns it off', () => {
  const off = new SteeredOverload({ refuseAboveMs: 0 })
  off.waits(60_000, 10_000)
  assert.equal(off.watch.isOverloaded, false)
  assert.equal(off.clock.pendingTimers, 0)
})

test('nothing is left of it when it is closed', () => {
  const { watch, clock } = new SteeredOverload()
  watch[Symbol.dispose]()
  assert.equal(clock.pendingTimers, 0)
})

test('one line is logged when it begins and one when it ends', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const it = new SteeredOverload({ log })
  it.waits(700, 2_000)
  it.watch.refused('sip')
  it.watch.refused('xmpp')
  it.end()
  const records = lines.map((line) => JSON.parse(line))
  assert.deepEqual(
    records.map(({ time: _, ...record }) => record),
    [
      { level: 'warn', what: 'overloaded', waitMs: 700 },
      { level: 'info', what: 'overload_over', lastedMs: 3_000, refused: 2 },
    ],
  )
})

test('what is refused is counted by protocol, and a gauge says that it is so', async () => {
  const it = new SteeredOverload()
  const value = async (name: string) =>
    Number(
      new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.getSingleMetricAsString(name))?.[1],
    )
  it.begin()
  assert.equal(await value('heliograph_overloaded'), 1)
  it.watch.refused('xmpp')
  const text = await metrics.getSingleMetricAsString('heliograph_refused_overload_total')
  assert.match(text, /heliograph_refused_overload_total\{protocol="xmpp"\} [1-9]/)
  it.end()
  assert.equal(await value('heliograph_overloaded'), 0)
})

test('a loop that comes late to its look has a backlog', () => {
  let now = 5_000
  const backlog = eventLoopBacklog(() => now)
  const look = (after: number) => {
    now += after
    return backlog.waitMs()
  }
  assert.deepEqual([look(100), look(120), look(700), look(90)], [0, 20, 600, 0])
})

function steered() {
  const it = new SteeredOverload()
  return { watch: it.watch, waits: (waitMs: number, forMs?: number) => it.waits(waitMs, forMs) }
}

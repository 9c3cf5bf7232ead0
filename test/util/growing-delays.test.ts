import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GrowingDelays } from '../../src/util/growing-delays.ts'
import { FakeClock } from '../support/fake-clock.ts'

describe('growing delays', () => {
  const start = (options = {}) => {
    const clock = new FakeClock()
    return { clock, delays: new GrowingDelays(clock, { free: 3, forgiveMs: 60_000, ...options }) }
  }

  function fail(delays: GrowingDelays, times: number, key = 'k'): void {
    for (let n = 0; n < times; n++) delays.failed(key)
  }

  it('begin behind the failures that are free, and double up to the longest', () => {
    const { delays } = start({ maxMs: 10_000 })
    const waits = Array.from({ length: 8 }, () => {
      delays.failed('k')
      return delays.waitMs('k')
    })
    assert.deepEqual(waits, [0, 0, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  })

  it('pass', () => {
    const { clock, delays } = start()
    fail(delays, 3)
    clock.advance(999)
    assert.equal(delays.waitMs('k'), 1)
    clock.advance(1)
    assert.equal(delays.waitMs('k'), 0)
  })

  it('forgive one failure after the other as time goes by', () => {
    const { clock, delays } = start()
    fail(delays, 5)
    clock.advance(180_000)
    fail(delays, 1)
    assert.equal(delays.waitMs('k'), 1_000)
    clock.advance(600_000)
    fail(delays, 2)
    assert.equal(delays.waitMs('k'), 0)
  })

  it('are each key’s own, and forgotten where it has shown that it does not guess', () => {
    const { delays } = start()
    fail(delays, 5)
    assert.equal(delays.waitMs('other'), 0)
    delays.forget('k')
    assert.equal(delays.waitMs('k'), 0)
    fail(delays, 2)
    assert.equal(delays.waitMs('k'), 0)
  })

  it('are remembered of so many keys, those that failed last', () => {
    const { delays } = start({ maxKeys: 2 })
    fail(delays, 3, 'a')
    fail(delays, 3, 'b')
    fail(delays, 1, 'a')
    fail(delays, 1, 'c')
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => delays.waitMs(key) > 0),
      [true, false, false],
    )
  })
})

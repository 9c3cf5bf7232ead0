import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ExpirySpread } from '../../../src/sip/events/expiry-spread.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setUp(live = 0) {
  const clock = new FakeClock()
  const expires = { min: 60, default: 3_600 }
  const spread = new ExpirySpread({ clock, live: () => live, expires })
  const grants = (count: number, seconds = 3_600) =>
    Array.from({ length: count }, () => spread.grant(seconds))
  return { clock, grants }
}

describe('what is granted', () => {
  test('is what was asked for, as long as few come', () => {
    const { clock, grants } = setUp()
    for (let window = 0; window < 10; window += 1) {
      assert.ok(grants(100).every((seconds) => seconds === 3_600))
      clock.advance(10_000)
    }
  })

  test('is between half and all of it, at random, in a wave (RFC 6665 §4.2.1.1: never more)', () => {
    const { grants } = setUp()
    const wave = grants(1_100).slice(100)
    assert.ok(wave.every((seconds) => seconds >= 1_800 && seconds <= 3_600))
    const quarters = [1_800, 2_250, 2_700, 3_150].map(
      (from) => wave.filter((seconds) => seconds >= from && seconds < from + 450).length,
    )
    assert.ok(
      quarters.every((count) => count > 150),
      quarters.join(),
    )
  })

  test('is all of it again when the wave is over', () => {
    const { clock, grants } = setUp()
    grants(1_000)
    clock.advance(10_000)
    assert.ok(grants(100).every((seconds) => seconds === 3_600))
  })

  test('is never below the minimum, and 0 stays 0', () => {
    const { grants } = setUp()
    grants(200)
    assert.ok(grants(200, 80).every((seconds) => seconds >= 60 && seconds <= 80))
    assert.ok(grants(50, 60).every((seconds) => seconds === 60))
    assert.ok(grants(50, 0).every((seconds) => seconds === 0))
  })

  test('is all of it where the refreshes of many subscriptions are as many', () => {
    const { grants } = setUp(72_000)
    assert.ok(grants(600).every((seconds) => seconds === 3_600))
    assert.ok(grants(600).some((seconds) => seconds < 3_600))
  })
})

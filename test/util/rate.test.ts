import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rateLimit, spend, waitMs } from '../../src/util/rate.ts'

const limit = { perSecond: 10, burst: 20 }

test('a burst may come at once, and then as much as the rate has', () => {
  let paidAt = spend(limit, 0, 1_000, 20)
  assert.equal(waitMs(limit, paidAt, 1_000), 0)
  paidAt = spend(limit, paidAt, 1_000, 5)
  assert.equal(waitMs(limit, paidAt, 1_000), 500)
  assert.equal(waitMs(limit, paidAt, 1_400), 100)
  assert.equal(waitMs(limit, paidAt, 1_500), 0)
})

test('what was not used is not saved beyond the burst', () => {
  const paidAt = spend(limit, spend(limit, 0, 0, 1), 3_600_000, 25)
  assert.equal(waitMs(limit, paidAt, 3_600_000), 500)
})

test('no rate is no limit', () => {
  const none = rateLimit(0)
  assert.equal(waitMs(none, spend(none, 0, 0, 1e12), 0), 0)
})

test('whoever waits as he is told gets the rate, and the burst once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (amounts) => {
      let now = 5_000
      let paidAt = 0
      let sum = 0
      for (const amount of amounts) {
        paidAt = spend(limit, paidAt, now, amount)
        sum += amount
        now += waitMs(limit, paidAt, now)
      }
      const allowed = limit.burst + ((now - 5_000) * limit.perSecond) / 1000
      assert.ok(sum <= allowed + 1e-6, `${sum} came where ${allowed} may`)
    }),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FailureThrottle } from '../../src/util/failure-throttle.ts'
import { FakeClock } from '../support/fake-clock.ts'

test('after so many failures an address waits for the end of its window', () => {
  const clock = new FakeClock()
  const throttle = new FailureThrottle(clock, { maxFailures: 2, windowMs: 60_000 })
  throttle.failed('192.0.2.1')
  assert.equal(throttle.waitMs('192.0.2.1'), 0)
  clock.advance(10_000)
  throttle.failed('192.0.2.1')
  assert.equal(throttle.waitMs('192.0.2.1'), 50_000)
  assert.equal(throttle.waitMs('192.0.2.2'), 0)
  clock.advance(50_000)
  assert.equal(throttle.waitMs('192.0.2.1'), 0)
})

test('the table of addresses is bounded and forgets the oldest', () => {
  const throttle = new FailureThrottle(new FakeClock(), { maxFailures: 1, maxAddresses: 2 })
  for (const address of ['a', 'b', 'c']) throttle.failed(address)
  assert.equal(throttle.waitMs('a'), 0)
  assert.ok(throttle.waitMs('b') > 0)
  assert.ok(throttle.waitMs('c') > 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExpiringSet } from '../../src/util/expiring-set.ts'
import { FakeClock } from '../support/fake-clock.ts'

test('a key holds for its time, and is then forgotten', () => {
  const clock = new FakeClock()
  const keys = new ExpiringSet(clock, 10)
  keys.add('a', 1_000)
  clock.advance(999)
  assert.ok(keys.has('a'))
  clock.advance(1)
  assert.ok(!keys.has('a'))
  assert.equal(keys.size, 0)
})

test('the oldest makes room, and a key that comes again is young', () => {
  const keys = new ExpiringSet(new FakeClock(), 2)
  keys.add('a', 1_000)
  keys.add('b', 1_000)
  keys.add('a', 1_000)
  keys.add('c', 1_000)
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => keys.has(key)),
    [true, false, true],
  )
  keys.delete('a')
  assert.ok(!keys.has('a'))
})

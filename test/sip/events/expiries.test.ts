import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Expiries } from '../../../src/sip/events/expiries.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setUp() {
  const clock = new FakeClock()
  const expiries = new Expiries(clock)
  const expired: string[] = []
  const expiring = (name: string, ms: number) => ({
    expiresAt: clock.now() + ms,
    expired: () => expired.push(name),
  })
  return { clock, expiries, expired, expiring }
}

test('what ends in one second is told in that second, and not before', () => {
  const { clock, expiries, expired, expiring } = setUp()
  for (const [name, ms] of [
    ['a', 60_000],
    ['b', 59_001],
    ['c', 60_001],
  ] as const) {
    expiries.add(expiring(name, ms))
  }
  clock.advance(59_999)
  assert.deepEqual(expired, [])
  clock.advance(1)
  assert.deepEqual(expired, ['a', 'b'])
  clock.advance(1_000)
  assert.deepEqual(expired, ['a', 'b', 'c'])
})

test('what is removed does not end, though others of its second do', () => {
  const { clock, expiries, expired, expiring } = setUp()
  const gone = expiring('gone', 1_000)
  expiries.add(gone)
  expiries.add(expiring('stays', 1_000))
  expiries.remove(gone)
  expiries.remove(gone)
  clock.advance(5_000)
  assert.deepEqual(expired, ['stays'])
})

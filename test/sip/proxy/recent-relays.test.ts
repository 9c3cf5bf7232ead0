import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RecentRelays } from '../../../src/sip/proxy/recent-relays.ts'
import { FakeClock } from '../../support/fake-clock.ts'

describe('recent relays', () => {
  test('are known for 64·T1, INVITEs for longer than timer C', () => {
    const clock = new FakeClock()
    const recent = new RecentRelays<string>(clock, 10)
    recent.add('m', 'MESSAGE', 'message')
    recent.add('i', 'INVITE', 'call')
    assert.equal(recent.get('m'), 'message')
    clock.advance(32_000)
    recent.add('n', 'MESSAGE', 'next')
    assert.equal(recent.get('m'), undefined)
    clock.advance(180_001)
    assert.equal(recent.get('i'), 'call')
    clock.advance(240_000)
    recent.add('j', 'INVITE', 'next call')
    assert.equal(recent.get('i'), undefined)
  })

  test('are so many at most, the oldest forgotten first', () => {
    const recent = new RecentRelays<number>(new FakeClock(), 2)
    for (const number of [1, 2, 3]) recent.add(String(number), 'MESSAGE', number)
    assert.deepEqual(
      ['1', '2', '3'].map((key) => recent.get(key)),
      [undefined, 2, 3],
    )
    assert.equal(recent.size, 2)
  })
})

/** XEP-0363: transfers have deadlines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchProgress } from '../../../src/xmpp/upload/http/progress.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function watch(size: number) {
  const clock = new FakeClock()
  const state = { moved: 0, late: 0 }
  const watching = watchProgress(clock, {
    size,
    moved: () => state.moved,
    late: () => {
      state.late += 1
    },
  })
  const half = (bytes: number) => {
    state.moved += bytes
    clock.advance(30_000)
    return state.late
  }
  return { clock, watching, half }
}

test('who moves enough may take his time', () => {
  const { half } = watch(1_000_000)
  for (let count = 0; count < 15; count += 1) assert.equal(half(65_536), 0)
})

test('who moves too little is late, once', () => {
  const { half, clock } = watch(1_000_000)
  assert.equal(half(65_536), 0)
  assert.equal(half(65_535), 1)
  assert.equal(clock.pendingTimers, 0)
})

test('of what is small all has to move, and then to end', () => {
  assert.equal(watch(10).half(9), 1)
  const { half } = watch(10)
  assert.equal(half(10), 0)
  assert.equal(half(0), 1)
})

test('what is over is not looked at', () => {
  const { watching, clock, half } = watch(10)
  watching[Symbol.dispose]()
  assert.equal(clock.pendingTimers, 0)
  assert.equal(half(0), 0)
})

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { closeWithin, stopSignal } from '../../src/ops/stopping.ts'
import { silentLog } from '../../src/util/log.ts'
import { FakeClock } from '../support/fake-clock.ts'

function setUp() {
  const clock = new FakeClock()
  const signals = new EventEmitter()
  const exits: number[] = []
  const stop = stopSignal({ clock, log: silentLog, signals, exit: (code) => exits.push(code) })
  return { clock, signals, exits, stop }
}

describe('stopSignal', () => {
  it('resolves with the first signal', async () => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      const { signals, exits, stop } = setUp()
      signals.emit(signal)
      await stop
      assert.deepEqual(exits, [])
    }
  })

  it('exits at once with the second, as that signal would', () => {
    for (const [second, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const { signals, exits } = setUp()
      signals.emit('SIGTERM')
      signals.emit(second)
      assert.deepEqual(exits, [code])
    }
  })

  it('exits with 1 where the end takes 4.5 s', () => {
    const { clock, signals, exits } = setUp()
    clock.advance(60_000)
    signals.emit('SIGTERM')
    clock.advance(4_499)
    assert.deepEqual(exits, [])
    clock.advance(1)
    assert.deepEqual(exits, [1])
  })
})

describe('closeWithin', () => {
  it('waits for the end, and sets nothing off afterwards', async () => {
    const clock = new FakeClock()
    await closeWithin({ clock, log: silentLog }, 1_000, Promise.resolve())
    assert.equal(clock.pendingTimers, 0)
  })

  it('gives up when the time is over', async () => {
    const clock = new FakeClock()
    const closing = closeWithin({ clock, log: silentLog }, 1_000, new Promise(() => undefined))
    clock.advance(1_000)
    await closing
  })

  it('passes a failure on', async () => {
    const clock = new FakeClock()
    const failing = Promise.reject(new Error('disk full'))
    await assert.rejects(closeWithin({ clock, log: silentLog }, 1_000, failing), /disk full/)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SystemClock } from '../../src/util/clock.ts'
import { MinHeap } from '../../src/util/min-heap.ts'

describe('the system clock', () => {
  it('runs timers in the order they fall due, whatever the order they were set in', async () => {
    const clock = new SystemClock()
    const ran: number[] = []
    const keepAlive = setInterval(() => undefined, 1000)
    await new Promise<void>((done) => {
      clock.after(120, () => {
        ran.push(120)
        done()
      })
      clock.after(0, () => ran.push(0))
      clock.after(60, () => ran.push(60))
      clock.after(30, () => assert.fail('was cancelled')).cancel()
    })
    clearInterval(keepAlive)
    assert.deepEqual(ran, [0, 60, 120])
  })

  it('never runs a timer before its time', async () => {
    const clock = new SystemClock()
    const keepAlive = setInterval(() => undefined, 1000)
    const set = performance.now()
    await new Promise<void>((done) => void clock.after(50, done))
    clearInterval(keepAlive)
    assert.ok(performance.now() - set >= 50)
  })

  it('lets a timer set another from within', async () => {
    const clock = new SystemClock()
    const keepAlive = setInterval(() => undefined, 1000)
    await new Promise<void>((done) => {
      clock.after(0, () => void clock.after(0, () => void clock.after(10, done)))
    })
    clearInterval(keepAlive)
  })
})

describe('a heap', () => {
  it('gives its numbers back in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new MinHeap()
        for (const number of numbers) heap.push(number)
        const out: number[] = []
        for (let top = heap.pop(); top !== undefined; top = heap.pop()) out.push(top)
        assert.deepEqual(
          out,
          numbers.toSorted((a, b) => a - b),
        )
        assert.equal(heap.peek(), undefined)
      }),
    )
  })
})

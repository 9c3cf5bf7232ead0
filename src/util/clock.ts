/**
 * Time, as everything but the process edge sees it.
 * Core, transactions, dialogs and streams take a `Clock`, so that tests decide what time it is.
 */

import { MinHeap } from './min-heap.ts'

/** A pending call. Cancelling one that has run, or twice, does nothing. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `run` once, `delayMs` from now. A timer never keeps the process alive. */
  after(delayMs: number, run: () => void): Timer
}

const TICK_MS = 20
/** Node clamps longer timeouts to 1 ms; the wheel wakes at least this often instead. */
const MAX_SLEEP_MS = 2 ** 31 - 1

/**
 * The real clock: one operating-system timer for any number of ours, rounded up to 20 ms ticks.
 * A session may hold several timers (idle, keep-alive, expiry); none of them costs a libuv handle.
 */
export class SystemClock implements Clock {
  readonly #slots = new Map<number, Set<WheelTimer>>()
  readonly #ticks = new MinHeap()
  #wake: NodeJS.Timeout | undefined
  #wakeTick = Number.POSITIVE_INFINITY

  now(): number {
    return Date.now()
  }

  after(delayMs: number, run: () => void): Timer {
    const tick = Math.ceil((monotonicMs() + Math.max(0, delayMs)) / TICK_MS)
    let slot = this.#slots.get(tick)
    if (!slot) {
      slot = new Set()
      this.#slots.set(tick, slot)
      this.#ticks.push(tick)
    }
    const timer = new WheelTimer(slot, run)
    slot.add(timer)
    if (tick < this.#wakeTick) this.#sleepUntil(tick)
    return timer
  }

  #sleepUntil(tick: number): void {
    clearTimeout(this.#wake)
    this.#wakeTick = tick
    const sleep = Math.min(MAX_SLEEP_MS, Math.max(0, tick * TICK_MS - monotonicMs()))
    this.#wake = setTimeout(() => this.#turn(), sleep).unref()
  }

  #turn(): void {
    const now = Math.floor(monotonicMs() / TICK_MS)
    this.#wakeTick = Number.POSITIVE_INFINITY
    for (let tick = this.#ticks.peek(); tick !== undefined; tick = this.#ticks.peek()) {
      if (tick > now) {
        this.#sleepUntil(tick)
        return
      }
      this.#ticks.pop()
      this.#fire(tick)
    }
  }

  #fire(tick: number): void {
    const slot = this.#slots.get(tick)
    this.#slots.delete(tick)
    for (const timer of slot ?? []) {
      // One timer's bug must not silence the others: it surfaces as an uncaught exception of its own.
      try {
        timer.run()
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

class WheelTimer implements Timer {
  readonly #slot: Set<WheelTimer>
  readonly run: () => void

  constructor(slot: Set<WheelTimer>, run: () => void) {
    this.#slot = slot
    this.run = run
  }

  cancel(): void {
    this.#slot.delete(this)
  }
}

function monotonicMs(): number {
  return performance.now()
}

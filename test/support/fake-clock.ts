import type { Clock, Timer } from '../../src/util/clock.ts'

interface Pending {
  at: number
  order: number
  run: () => void
}

/** A clock that stands still until a test moves it; timers run in the order they are due. */
export class FakeClock implements Clock {
  #now: number
  #order = 0
  readonly #pending = new Set<Pending>()

  constructor(now = Date.UTC(2030, 0, 1, 9)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run }
    this.#pending.add(timer)
    return { cancel: () => void this.#pending.delete(timer) }
  }

  /** Moves time on, running what falls due on the way, timers set by timers included. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let due = this.#nextDue(end); due; due = this.#nextDue(end)) {
      this.#pending.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.run()
    }
    this.#now = end
  }

  get pendingTimers(): number {
    return this.#pending.size
  }

  #nextDue(end: number): Pending | undefined {
    let first: Pending | undefined
    for (const timer of this.#pending) {
      if (timer.at > end) continue
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) {
        first = timer
      }
    }
    return first
  }
}

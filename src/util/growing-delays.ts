/**
 * Slows down who guesses: a few failures pass, each one more doubles the time until the next try, and failures
 * are forgiven one by one as time goes by.
 */
import type { Clock } from './clock.ts'

export interface GrowingDelaysOptions {
  /** Failures that have no consequence but to be counted. */
  readonly free: number
  /** One failure is forgiven after each such time. */
  readonly forgiveMs: number
  /** The delay after the first failure that is not free; 1 second where not given. */
  readonly firstMs?: number
  /** No delay is longer; 5 minutes where not given. */
  readonly maxMs?: number
  /** Keys remembered; the one that was longest without a failure is forgotten for a new one. */
  readonly maxKeys?: number
}

interface Record {
  /** Failures that were not forgiven at that time. */
  readonly failures: number
  readonly at: number
  readonly until: number
}

export class GrowingDelays {
  readonly #clock: Clock
  readonly #options: Required<GrowingDelaysOptions>
  readonly #records = new Map<string, Record>()

  constructor(clock: Clock, options: GrowingDelaysOptions) {
    this.#clock = clock
    this.#options = { firstMs: 1_000, maxMs: 300_000, maxKeys: 20_000, ...options }
  }

  /** Milliseconds until the key may try again; 0 where it may now. */
  waitMs(key: string): number {
    const record = this.#records.get(key)
    return record === undefined ? 0 : Math.max(0, record.until - this.#clock.now())
  }

  failed(key: string): void {
    const { free, firstMs, maxMs, maxKeys } = this.#options
    const now = this.#clock.now()
    const failures = this.#unforgiven(key, now) + 1
    const over = Math.round(failures - free)
    const delay = over < 0 ? 0 : Math.min(maxMs, firstMs * 2 ** over)
    // Deleted first: the map is in the order of the last failures.
    this.#records.delete(key)
    this.#records.set(key, { failures, at: now, until: now + delay })
    if (this.#records.size <= maxKeys) return
    for (const oldest of this.#records.keys()) {
      this.#records.delete(oldest)
      return
    }
  }

  /** The key has shown that it does not guess. */
  forget(key: string): void {
    this.#records.delete(key)
  }

  #unforgiven(key: string, now: number): number {
    const record = this.#records.get(key)
    if (!record) return 0
    return Math.max(0, record.failures - (now - record.at) / this.#options.forgiveMs)
  }
}

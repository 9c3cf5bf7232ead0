/** Slows down who guesses: after so many failures from one address, the rest of a window is closed to it. */
import type { Clock } from './clock.ts'

export interface ThrottleOptions {
  readonly maxFailures?: number
  readonly windowMs?: number
  /** Addresses remembered; the oldest is forgotten for a new one. */
  readonly maxAddresses?: number
}

interface Record {
  failures: number
  readonly until: number
}

export class FailureThrottle {
  readonly #clock: Clock
  readonly #maxFailures: number
  readonly #windowMs: number
  readonly #maxAddresses: number
  readonly #byAddress = new Map<string, Record>()

  constructor(clock: Clock, options: ThrottleOptions = {}) {
    const { maxFailures = 20, windowMs = 300_000, maxAddresses = 20_000 } = options
    this.#clock = clock
    this.#maxFailures = maxFailures
    this.#windowMs = windowMs
    this.#maxAddresses = maxAddresses
  }

  /** Milliseconds until the address may try again; 0 where it may now. */
  waitMs(address: string): number {
    const record = this.#current(address)
    if (!record || record.failures < this.#maxFailures) return 0
    return record.until - this.#clock.now()
  }

  failed(address: string): void {
    const record = this.#current(address)
    if (record) {
      record.failures += 1
      return
    }
    const oldest = this.#byAddress.keys().next()
    if (this.#byAddress.size >= this.#maxAddresses && !oldest.done) {
      this.#byAddress.delete(oldest.value)
    }
    this.#byAddress.set(address, { failures: 1, until: this.#clock.now() + this.#windowMs })
  }

  #current(address: string): Record | undefined {
    const record = this.#byAddress.get(address)
    if (!record || record.until > this.#clock.now()) return record
    this.#byAddress.delete(address)
    return undefined
  }
}

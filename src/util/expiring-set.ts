/** Keys that hold for a while each, and are forgotten by themselves. */
import type { Clock } from './clock.ts'

export class ExpiringSet {
  readonly #clock: Clock
  readonly #limit: number
  /** Until when, in milliseconds. */
  readonly #until = new Map<string, number>()

  /** Above `limit` keys the oldest are forgotten. */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  add(key: string, ms: number): void {
    this.#until.delete(key)
    const [oldest] = this.#until.keys()
    if (this.#until.size >= this.#limit && oldest !== undefined) this.#until.delete(oldest)
    this.#until.set(key, this.#clock.now() + ms)
  }

  delete(key: string): void {
    this.#until.delete(key)
  }

  has(key: string): boolean {
    const until = this.#until.get(key)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#until.delete(key)
    return false
  }

  get size(): number {
    return this.#until.size
  }
}

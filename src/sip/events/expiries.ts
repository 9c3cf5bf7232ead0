/**
 * When subscriptions end that nobody refreshes: one timer for all of a second, since a timer of its
 * own would be a tenth of what a subscription occupies.
 */
import type { Clock } from '../../util/clock.ts'

/** What ends at `expiresAt` (milliseconds since the epoch), or up to a second later. */
export interface Expiring {
  readonly expiresAt: number
  expired(): void
}

export class Expiries {
  readonly #clock: Clock
  readonly #bySecond = new Map<number, Set<Expiring>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Its `expiresAt` must not change until it is removed. */
  add(expiring: Expiring): void {
    const second = secondOf(expiring)
    const others = this.#bySecond.get(second)
    if (others) {
      others.add(expiring)
      return
    }
    this.#bySecond.set(second, new Set([expiring]))
    this.#clock.after(second * 1000 - this.#clock.now(), () => this.#fire(second))
  }

  /** Removing what is not there does nothing. */
  remove(expiring: Expiring): void {
    this.#bySecond.get(secondOf(expiring))?.delete(expiring)
  }

  #fire(second: number): void {
    const due = this.#bySecond.get(second) ?? []
    this.#bySecond.delete(second)
    for (const expiring of due) expiring.expired()
  }
}

function secondOf({ expiresAt }: Expiring): number {
  return Math.ceil(expiresAt / 1000)
}

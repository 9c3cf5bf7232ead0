/**
 * How long subscriptions wait for the presentity's word: when it does not come, they end with `giveup`
 * (RFC 6665 §4.1.3). Only those that wait cost anything.
 */
import type { Clock } from '../../util/clock.ts'
import { Expiries, type Expiring } from './expiries.ts'
import type { Subscription } from './subscription.ts'

export class PendingDeadlines {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #expiries: Expiries
  readonly #waiting = new Map<Subscription, Expiring>()

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#expiries = new Expiries(clock)
  }

  /** To be called after each decision, and before the new status is stored. */
  decided(subscription: Subscription): void {
    if (subscription.status !== 'pending') this.forget(subscription)
    else if (!this.#waiting.has(subscription)) this.#add(subscription)
  }

  /** Forgetting what does not wait does nothing. */
  forget(subscription: Subscription): void {
    const waiting = this.#waiting.get(subscription)
    if (!waiting) return
    this.#waiting.delete(subscription)
    this.#expiries.remove(waiting)
  }

  #add(subscription: Subscription): void {
    const now = this.#clock.now()
    // It waited before a restart, too.
    const since = subscription.storedStatus === 'pending' ? subscription.createdAt : now
    const waiting = {
      expiresAt: Math.max(now, since + this.#timeoutMs),
      expired: () => subscription.terminate('giveup'),
    }
    this.#waiting.set(subscription, waiting)
    this.#expiries.add(waiting)
  }
}

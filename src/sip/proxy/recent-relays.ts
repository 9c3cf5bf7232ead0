/**
 * Where requests of the last minutes went: what comes again, and the ACK or CANCEL that belongs to one, goes the same
 * way (RFC 3261 §16.11) though a client has registered, DNS has drawn lots, or a nonce was used up meanwhile.
 * It may forget: then the way is found anew.
 */
import type { Clock } from '../../util/clock.ts'

interface Kept<T> {
  readonly until: number
  readonly what: T
}

/** An INVITE may ring for as long as timer C allows (§16.6 step 11), and then be cancelled. */
const INVITE_MS = 240_000
/** 64·T1: no copy comes later. */
const OTHER_MS = 32_000

export class RecentRelays<T> {
  readonly #clock: Clock
  readonly #max: number
  readonly #invites = new Map<string, Kept<T>>()
  readonly #others = new Map<string, Kept<T>>()

  constructor(clock: Clock, max: number) {
    this.#clock = clock
    this.#max = max
  }

  get(key: string): T | undefined {
    return (this.#invites.get(key) ?? this.#others.get(key))?.what
  }

  add(key: string, method: string, what: T): void {
    const isInvite = method === 'INVITE'
    const map = isInvite ? this.#invites : this.#others
    const now = this.#clock.now()
    map.delete(key)
    map.set(key, { until: now + (isInvite ? INVITE_MS : OTHER_MS), what })
    // All of one map live equally long, so that the oldest come first.
    for (const [oldest, { until }] of map) {
      if (until > now && map.size <= this.#max) return
      map.delete(oldest)
    }
  }

  get size(): number {
    return this.#invites.size + this.#others.size
  }
}

/**
 * Requests that came by UDP and are answered (RFC 3261 §17.2.2, completed): until timer J a copy of one
 * gets the same answer again. There are thousands of them, so that of each nothing but that is kept.
 */
import type { Clock, Timer } from '../../util/clock.ts'
import type { Reply } from '../transport/reply.ts'
import type { ResponseRoute } from '../transport/response-route.ts'
import { transactionsOpen } from './metrics.ts'

interface Answered {
  /** Milliseconds since the epoch. */
  readonly until: number
  readonly status: number
  /** The bytes, a character each: a buffer would occupy twice as much. */
  readonly text: string
  readonly route: ResponseRoute
  /** As `mergeKey` makes it. */
  readonly merge: string | undefined
}

interface AnsweredDeps {
  readonly clock: Clock
  /** Timer J. */
  readonly lifetimeMs: number
  send(reply: Reply, route: ResponseRoute): void
}

/** No more often than this somebody looks for what is to be forgotten. */
const SWEEP_MS = 1_000

/** For this part of timer J nothing is forgotten: 4 s, in which a client asks four times (§17.1.2.2). */
const KEPT_PART = 1 / 8

export class AnsweredRequests {
  readonly #deps: AnsweredDeps
  /** All live equally long, so that the oldest come first. */
  readonly #byKey = new Map<string, Answered>()
  readonly #merges = new Set<string>()
  #sweep: Timer | undefined

  constructor(deps: AnsweredDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#byKey.size
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** Whether one is known that a merged copy would share this with (§8.2.2.2). */
  hasMerge(merge: string): boolean {
    return this.#merges.has(merge)
  }

  add(
    key: string,
    merge: string | undefined,
    { status, bytes }: Reply,
    route: ResponseRoute,
  ): void {
    const { clock, lifetimeMs } = this.#deps
    const until = clock.now() + lifetimeMs
    this.#byKey.set(key, { until, status, text: bytes.toString('latin1'), route, merge })
    if (merge !== undefined) this.#merges.add(merge)
    transactionsOpen.server += 1
    this.#sweep ??= clock.after(lifetimeMs, () => this.#forgetOld())
  }

  /** Answers a copy. */
  repeat(key: string): void {
    const answered = this.#byKey.get(key)
    if (!answered) return
    const { status, text, route } = answered
    this.#deps.send({ status, bytes: Buffer.from(text, 'latin1'), toTag: undefined }, route)
  }

  /** Makes room for others before timer J: so many, the oldest first, none of them fresh. */
  forgetOldest(count: number): void {
    const { clock, lifetimeMs } = this.#deps
    const dispensable = clock.now() + lifetimeMs * (1 - KEPT_PART)
    let left = count
    for (const [key, answered] of this.#byKey) {
      if (left === 0 || answered.until > dispensable) return
      this.#forget(key, answered)
      left -= 1
    }
  }

  clear(): void {
    this.#sweep?.cancel()
    this.#sweep = undefined
    transactionsOpen.server -= this.#byKey.size
    this.#byKey.clear()
    this.#merges.clear()
  }

  #forgetOld(): void {
    const { clock } = this.#deps
    const now = clock.now()
    this.#sweep = undefined
    for (const [key, answered] of this.#byKey) {
      const { until } = answered
      if (until > now) {
        this.#sweep = clock.after(Math.max(SWEEP_MS, until - now), () => this.#forgetOld())
        return
      }
      this.#forget(key, answered)
    }
  }

  #forget(key: string, { merge }: Answered): void {
    this.#byKey.delete(key)
    if (merge !== undefined) this.#merges.delete(merge)
    transactionsOpen.server -= 1
  }
}

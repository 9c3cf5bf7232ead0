/**
 * Whether there is more to do than the server can carry. Then what is new is refused early and politely,
 * so that what was begun goes on.
 */
import type { Clock, Timer } from './clock.ts'
import type { Log } from './log.ts'
import { counter, gauge } from './metrics.ts'

/** A place where work waits before anybody looks at it. */
export interface Backlog {
  /** The longest wait since the last call, in milliseconds. Asked ten times a second. */
  waitMs(): number
}

export type RefusingProtocol = 'sip' | 'xmpp'

/** What the edges ask of it. */
export interface OverloadGuard {
  /** What is new is to be refused, and `refused` told of it. */
  readonly isOverloaded: boolean
  refused(protocol: RefusingProtocol): void
  watch(backlog: Backlog): Disposable
}

export interface OverloadDeps {
  readonly clock: Clock
  readonly log: Log
  /** A wait of more milliseconds than this is overload; 0 where nothing is. */
  readonly refuseAboveMs: number
}

const TICK_MS = 100
/** It is over when for so long nothing has waited longer than a fifth of what began it. */
const CALM_MS = 1_000
const CALM_PART = 1 / 5

const refused = counter({
  name: 'heliograph_refused_overload_total',
  help: 'New requests and connections refused because the server was overloaded, by protocol.',
  labels: ['protocol'],
})
const overloaded = gauge({
  name: 'heliograph_overloaded',
  help: '1 while the server is overloaded and refuses what is new.',
})

export class OverloadWatch implements OverloadGuard, Disposable {
  readonly #deps: OverloadDeps
  readonly #backlogs = new Set<Backlog>()
  #timer: Timer | undefined
  #since: number | undefined
  #calmSince: number | undefined
  #refused = 0

  constructor(deps: OverloadDeps) {
    this.#deps = deps
    overloaded.set(0)
  }

  /** From now on. Called when the server has started: what waited for that was not too much work. */
  start(): void {
    if (this.#deps.refuseAboveMs === 0) return
    for (const backlog of this.#backlogs) backlog.waitMs()
    this.#wait()
  }

  get isOverloaded(): boolean {
    return this.#since !== undefined
  }

  refused(protocol: RefusingProtocol): void {
    this.#refused += 1
    refused.inc({ protocol })
  }

  watch(backlog: Backlog): Disposable {
    this.#backlogs.add(backlog)
    return { [Symbol.dispose]: () => void this.#backlogs.delete(backlog) }
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }

  #wait(): void {
    this.#timer = this.#deps.clock.after(TICK_MS, () => this.#look())
  }

  #look(): void {
    this.#wait()
    const { refuseAboveMs } = this.#deps
    let waitMs = 0
    for (const backlog of this.#backlogs) waitMs = Math.max(waitMs, backlog.waitMs())
    if (this.#since === undefined) {
      if (waitMs > refuseAboveMs) this.#begin(waitMs)
    } else if (waitMs > refuseAboveMs * CALM_PART) {
      this.#calmSince = undefined
    } else {
      this.#calm(this.#since)
    }
  }

  #begin(waitMs: number): void {
    this.#since = this.#deps.clock.now()
    this.#refused = 0
    overloaded.set(1)
    this.#deps.log.warn({ what: 'overloaded', waitMs: Math.round(waitMs) })
  }

  #calm(since: number): void {
    const now = this.#deps.clock.now()
    this.#calmSince ??= now
    if (now - this.#calmSince < CALM_MS) return
    this.#since = undefined
    this.#calmSince = undefined
    overloaded.set(0)
    this.#deps.log.info({ what: 'overload_over', lastedMs: now - since, refused: this.#refused })
  }
}

/** How late the event loop came to its last look: no more than whoever came in that time has waited. */
export function eventLoopBacklog(now: () => number = () => performance.now()): Backlog {
  let last = now()
  return {
    waitMs() {
      const since = now() - last
      last += since
      return Math.max(0, since - TICK_MS)
    },
  }
}

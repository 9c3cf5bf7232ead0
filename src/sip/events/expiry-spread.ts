/**
 * Keeps a wave of SUBSCRIBEs from coming again each hour: after a restart, or when a network is back,
 * all come at once, and would refresh at once for ever. While one comes, each is granted less than he
 * asked for, at random (RFC 6665 §4.2.1.1 allows it).
 */
import { randomInt } from 'node:crypto'
import type { Clock } from '../../util/clock.ts'

export interface SpreadDeps {
  readonly clock: Clock
  /** Live subscriptions. */
  live(): number
  /** Seconds: nothing is granted below `min`; most last the `default`. */
  readonly expires: { readonly min: number; readonly default: number }
}

const WINDOW_MS = 10_000
/** Fewer in one window are no wave, however few are usual. */
const LEAST_WAVE = 100
/** So many times what refreshes alone bring. */
const WAVE_FACTOR = 3

export class ExpirySpread {
  readonly #deps: SpreadDeps
  #windowEnds = 0
  #granted = 0

  constructor(deps: SpreadDeps) {
    this.#deps = deps
  }

  /** Seconds to grant to who is entitled to so many. */
  grant(seconds: number): number {
    const { min } = this.#deps.expires
    if (seconds <= min || !this.#isWave()) return seconds
    return randomInt(Math.max(min, Math.ceil(seconds / 2)), seconds + 1)
  }

  #isWave(): boolean {
    const { clock, live, expires } = this.#deps
    const now = clock.now()
    if (now >= this.#windowEnds) {
      this.#windowEnds = now + WINDOW_MS
      this.#granted = 0
    }
    this.#granted += 1
    const usual = (live() * WINDOW_MS) / (expires.default * 1_000)
    return this.#granted > Math.max(LEAST_WAVE, WAVE_FACTOR * usual)
  }
}

/**
 * Who is typing on a SIP phone (RFC 3994 §3.3), until he says otherwise, sends his text, or is not heard of.
 *
 *            active                    idle, a text, or the refresh time is over
 *   idle ───────────────> composing ─────────────────────────────────────────────> idle
 *                           │  ^
 *                           └──┘ active: the time begins anew
 */
import type { BareJid } from '../../core/address.ts'
import type { IsComposing } from '../../formats/is-composing.ts'
import type { Clock, Timer } from '../../util/clock.ts'

/** §3.3, for one that says nothing. */
const DEFAULT_REFRESH_S = 120
/** Nobody composes for longer without a word. */
const MAX_REFRESH_S = 3_600
const MAX_COMPOSING = 10_000

export class ComposingSenders {
  readonly #clock: Clock
  readonly #timers = new Map<string, Timer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Whether the recipient is to be told: `ended` is called where the sender is not heard of any more, but not by
   * `ended` of this class. Above the bound nobody new is heard: who could not be seen to end is not begun.
   */
  heard(from: BareJid, to: BareJid, status: IsComposing, ended: () => void): boolean {
    const key = `${from} ${to}`
    const isKnown = this.#timers.has(key)
    if (status.state === 'idle') return this.end(from, to)
    if (!isKnown && this.#timers.size >= MAX_COMPOSING) return false
    this.#timers.get(key)?.cancel()
    const seconds = Math.min(status.refresh ?? DEFAULT_REFRESH_S, MAX_REFRESH_S)
    const timer = this.#clock.after(seconds * 1000, () => {
      this.#timers.delete(key)
      ended()
    })
    this.#timers.set(key, timer)
    return !isKnown
  }

  /** He stopped, or has sent what he composed. Answers whether he was at it. */
  end(from: BareJid, to: BareJid): boolean {
    const key = `${from} ${to}`
    this.#timers.get(key)?.cancel()
    return this.#timers.delete(key)
  }
}

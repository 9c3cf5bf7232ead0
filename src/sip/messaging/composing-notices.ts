/**
 * Tells SIP phones that somebody is typing to their owner (RFC 3994 §3.2); who types says so in chat states (XEP-0085).
 *
 *          composing                 another state: “idle” is told; his text: nothing is
 *   idle ─────────────> active ──────────────────────────────────────────────────────────> idle
 *          “active”      │  ^
 *                        └──┘ refresh: “active” again, so many times
 */
import type { ChatState } from '../../core/messaging/signals.ts'
import type { IsComposing } from '../../formats/is-composing.ts'
import type { Clock, Timer } from '../../util/clock.ts'

/** §3.2: 60 at least. */
const REFRESH_S = 120
/** In time for the receiver to get it before he counts us as idle. */
const REFRESH_EVERY_MS = 100_000
/** Who has not sent a word in a quarter of an hour has gone without one. */
const MAX_REFRESHES = 8
const MAX_COMPOSING = 10_000

interface Composer {
  timer: Timer
  refreshes: number
}

/** Hands a notice to the phone; it may be late, or dropped. */
export type Tell = (status: IsComposing) => void

export class ComposingNotices {
  readonly #clock: Clock
  readonly #composers = new Map<string, Composer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `key` is of one phone and one composer. Nothing is told twice. */
  changed(key: string, state: ChatState, tell: Tell): void {
    if (state === 'composing') this.#begin(key, tell)
    else if (this.sent(key)) tell({ state: 'idle', lastActive: this.#clock.now() })
  }

  /** A text of his ends it without a word. Answers whether he was composing. */
  sent(key: string): boolean {
    this.#composers.get(key)?.timer.cancel()
    return this.#composers.delete(key)
  }

  /** The phone wants no such notices, or is gone. */
  forget(key: string): void {
    this.sent(key)
  }

  #begin(key: string, tell: Tell): void {
    if (this.#composers.has(key) || this.#composers.size >= MAX_COMPOSING) return
    this.#composers.set(key, { timer: this.#refreshLater(key, tell), refreshes: 0 })
    tell(active())
  }

  #refreshLater(key: string, tell: Tell): Timer {
    return this.#clock.after(REFRESH_EVERY_MS, () => {
      const composer = this.#composers.get(key)
      if (!composer) return
      composer.refreshes += 1
      if (composer.refreshes > MAX_REFRESHES) {
        this.#composers.delete(key)
        return
      }
      composer.timer = this.#refreshLater(key, tell)
      tell(active())
    })
  }
}

function active(): IsComposing {
  return { state: 'active', contentType: 'text/plain', refresh: REFRESH_S }
}

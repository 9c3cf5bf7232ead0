/** How fast one client may have copies made: as fast as it may speak (`xmpp.maxStanzasPerSecond`), copies counted apart. */
import type { Clock } from '../../util/clock.ts'
import { type RateLimit, rateLimit, spend, waitMs } from '../../util/rate.ts'
import { resourceConstraint } from '../errors.ts'
import type { XmppSession } from '../session.ts'

export interface PaceConfig {
  /** 0, or absent, for any amount, as with the other. */
  readonly maxBytesPerSecond?: number | undefined
  readonly maxStanzasPerSecond?: number | undefined
}

interface Paid {
  bytes: number
  stanzas: number
}

export class Pace {
  readonly #clock: Clock
  readonly #bytes: RateLimit
  readonly #stanzas: RateLimit
  readonly #paid = new WeakMap<XmppSession, Paid>()

  constructor(config: PaceConfig, clock: Clock) {
    this.#clock = clock
    this.#bytes = rateLimit(config.maxBytesPerSecond ?? 0)
    this.#stanzas = rateLimit(config.maxStanzasPerSecond ?? 0)
  }

  /** `size` tells the bytes of one copy. Throws `StanzaError` `resource-constraint` while earlier ones are not paid for. */
  charge(session: XmppSession, copies: number, size: () => number): void {
    if (this.#bytes.perSecond === 0 && this.#stanzas.perSecond === 0) return
    const now = this.#clock.now()
    const paid = this.#paid.get(session) ?? { bytes: 0, stanzas: 0 }
    if (waitMs(this.#bytes, paid.bytes, now) > 0 || waitMs(this.#stanzas, paid.stanzas, now) > 0) {
      throw resourceConstraint('too many copies for now')
    }
    const bytes = this.#bytes.perSecond === 0 ? 0 : size() * copies
    this.#paid.set(session, {
      bytes: spend(this.#bytes, paid.bytes, now, bytes),
      stanzas: spend(this.#stanzas, paid.stanzas, now, copies),
    })
  }
}

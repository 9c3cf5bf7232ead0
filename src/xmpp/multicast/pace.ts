/**
 * How fast one user may have copies made: as fast as one client may speak (`xmpp.maxStanzasPerSecond`), copies counted
 * apart. By user, so that no new connection and no other client of his starts anew.
 */
import type { BareJid } from '../../core/address.ts'
import type { Clock } from '../../util/clock.ts'
import { type RateLimit, rateLimit, spend, waitMs } from '../../util/rate.ts'
import { resourceConstraint } from '../errors.ts'

export interface PaceConfig {
  /** 0, or absent, for any amount, as with the other. */
  readonly maxBytesPerSecond?: number | undefined
  readonly maxStanzasPerSecond?: number | undefined
}

/** When what he had has been paid for, milliseconds since the epoch. */
interface Debt {
  readonly bytes: number
  readonly stanzas: number
}

const NONE: Debt = { bytes: 0, stanzas: 0 }
const SWEEP_ABOVE = 1000

export class Pace {
  readonly #clock: Clock
  readonly #bytes: RateLimit
  readonly #stanzas: RateLimit
  readonly #debts = new Map<BareJid, Debt>()
  #sweepAbove = SWEEP_ABOVE

  constructor(config: PaceConfig, clock: Clock) {
    this.#clock = clock
    this.#bytes = rateLimit(config.maxBytesPerSecond ?? 0)
    this.#stanzas = rateLimit(config.maxStanzasPerSecond ?? 0)
  }

  /** Of whom something is remembered. */
  get size(): number {
    return this.#debts.size
  }

  /** `size` tells the bytes of one copy. Throws `StanzaError` `resource-constraint` while earlier ones are not paid for. */
  charge(account: BareJid, copies: number, size: () => number): void {
    if (this.#bytes.perSecond === 0 && this.#stanzas.perSecond === 0) return
    const now = this.#clock.now()
    const debt = this.#debts.get(account) ?? NONE
    if (waitMs(this.#bytes, debt.bytes, now) > 0 || waitMs(this.#stanzas, debt.stanzas, now) > 0) {
      throw resourceConstraint('too many copies for now')
    }
    const bytes = this.#bytes.perSecond === 0 ? 0 : size() * copies
    this.#debts.set(account, {
      bytes: spend(this.#bytes, debt.bytes, now, bytes),
      stanzas: spend(this.#stanzas, debt.stanzas, now, copies),
    })
    if (this.#debts.size > this.#sweepAbove) this.#sweep(now)
  }

  /** Who has paid is as one who never had anything. */
  #sweep(now: number): void {
    for (const [account, { bytes, stanzas }] of this.#debts) {
      if (bytes <= now && stanzas <= now) this.#debts.delete(account)
    }
    this.#sweepAbove = Math.max(SWEEP_ABOVE, this.#debts.size * 2)
  }
}

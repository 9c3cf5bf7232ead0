/** What the access rules say of a subscription, and whether it lives (RFC 6665 §4.1.3). */
import { type Access, NOTHING } from '../../core/presence/access/access.ts'
import type { Timer } from '../../util/clock.ts'
import { SipError } from '../errors.ts'
import type { SubscriptionStatus, TerminationReason } from './notify.ts'
import { SubscriptionFacts } from './subscription-facts.ts'

/** A question that could not be answered is asked again. */
const RETRY_MS = 30_000

/** Where nobody can tell what the watcher may see, he sees nothing. */
const CLOSED: Access = { decision: 'block', visible: NOTHING, asks: false }

/** What held before a decision. */
export interface Before {
  /** `undefined` where nothing was decided. */
  readonly access: Access | undefined
  readonly status: SubscriptionStatus
}

export abstract class DecidedSubscription extends SubscriptionFacts {
  #access: Access | undefined = undefined
  #status: SubscriptionStatus = 'active'
  #reason: TerminationReason = 'timeout'
  #recheck: Timer | undefined = undefined

  abstract terminate(reason: TerminationReason): void
  /** Called when it is over, once. */
  protected abstract closed(): void
  /** Called after each decision; of a terminated subscription, too: its last NOTIFY may wait for it. */
  protected abstract judged(before: Before): void
  protected abstract get isDead(): boolean

  get status(): SubscriptionStatus {
    return this.#status
  }

  get reason(): TerminationReason {
    return this.#reason
  }

  /** As it was last decided; `undefined` before the first time. */
  get access(): Access | undefined {
    return this.#access
  }

  /** Resolves when it is known what the watcher may see. Rejects with `SipError` 403 where he may not ask. */
  async admit(): Promise<void> {
    // A change of the rules overtakes a question that is open.
    while (!this.current) await this.ask()
  }

  /** The rules have changed, and with them perhaps what the watcher may see: nothing leaves until `reconsider`. */
  doubt(): void {
    this.invalidate()
  }

  /** Asks again what the watcher may see, and tells him at once where it is something else. Never rejects. */
  reconsider(): Promise<void> {
    if (this.isDead) return Promise.resolve()
    return this.ask().catch((error: unknown) => this.failed(error))
  }

  /** Closing twice does nothing. */
  protected close(reason?: TerminationReason): void {
    if (this.#status === 'terminated') return
    if (reason) this.#reason = reason
    this.#status = 'terminated'
    this.rest()
    this.closed()
  }

  /** No timer of its own runs any more. */
  protected rest(): void {
    this.deps.expiries.remove(this)
    this.#recheck?.cancel()
  }

  protected authorize(): Access | Promise<Access> {
    return this.package.authorize(this.deps.events, this.subject)
  }

  protected decided(access: Access): void {
    const before: Before = { access: this.#access, status: this.#status }
    this.#access = access
    if (this.#status !== 'terminated') {
      // RFC 3856 §6.6.2: a polite block is an active subscription to somebody who is never there.
      this.#status = access.decision === 'confirm' ? 'pending' : 'active'
    }
    this.judged(before)
  }

  protected failed(error: unknown): void {
    if (this.isDead) return
    this.hold(CLOSED)
    if (error instanceof SipError) {
      this.terminate('rejected')
      return
    }
    const { clock, log } = this.deps
    log.error({ what: 'sip_access_not_decided', watcher: this.watcher.address, err: error })
    this.decided(CLOSED)
    this.#recheck = clock.after(RETRY_MS, () => void this.reconsider())
  }
}

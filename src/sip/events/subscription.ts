/**
 * One subscription as the notifier keeps it (RFC 6665 §4.2): when its next NOTIFY is due, and what
 * becomes of it when that is answered.
 *
 *   pending ──approved──▶ active ──expired, un-SUBSCRIBE, policy, NOTIFY refused──▶ terminated
 *      └───────────────────────────────────────────────────────────────────────────────▲
 *
 * At most one NOTIFY waits for its answer; what changes meanwhile is owed, and the next NOTIFY
 * carries the state of the moment in which it leaves.
 */

import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { counter } from '../../util/metrics.ts'
import type { Dialog } from '../dialog/dialog.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { parseSipUri } from '../message/uri.ts'
import type { Peer } from '../transport/transport.ts'
import type { EventDeps, EventPackage, Subject } from './event-package.ts'
import { verdictOn } from './notify-response.ts'

/** RFC 6665 §4.1.3. */
export type TerminationReason =
  | 'deactivated'
  | 'probation'
  | 'rejected'
  | 'timeout'
  | 'giveup'
  | 'noresource'
  | 'invariant'

export interface SubscriptionDeps {
  readonly clock: Clock
  readonly log: Log
  readonly events: EventDeps
  readonly pacing: NotifyPacing
  /** Resolves with the final response; never rejects. */
  send(request: SipRequest, to: Peer | undefined): Promise<SipResponse>
  /** Called after each NOTIFY was sent. */
  notified(subscription: Subscription): void
}

export interface NotifyPacing {
  /** Overrides the package's own interval. */
  readonly intervalMs: number | undefined
  /** Consecutive NOTIFYs without a usable answer that end a subscription. */
  readonly maxFailures: number
}

export interface SubscriptionInit {
  readonly id: string
  readonly package: EventPackage
  /** The `id` parameter of the Event header (RFC 6665 §4.5.2). */
  readonly eventId: string | undefined
  readonly subject: Subject
  readonly contentType: string
  readonly createdAt: number
  readonly dialog: Dialog
  /** Our Contact in this dialog. */
  readonly contact: string
  /** Where NOTIFYs go; `undefined`: where the dialog's route set or remote target points. */
  readonly peer: Peer | undefined
  readonly expiresAt: number
}

const RETRY_MS = 30_000

const notifies = counter({
  name: 'heliograph_sip_notifies_total',
  help: 'NOTIFY requests by how they were answered.',
  labels: ['event', 'result'],
})

type Owed = 'nothing' | 'change' | 'now'

export class Subscription {
  readonly id: string
  readonly package: EventPackage
  readonly eventId: string | undefined
  readonly subject: Subject
  readonly createdAt: number
  readonly dialog: Dialog
  readonly contact: string
  /** The latest of a refresh (RFC 6665 §4.2.1.3: Accept, and the flow it came by). */
  contentType: string
  peer: Peer | undefined
  expiresAt: number

  readonly #deps: SubscriptionDeps
  readonly #ended: (subscription: Subscription) => void
  #status: 'active' | 'pending' | 'terminated' = 'active'
  #reason: TerminationReason = 'timeout'
  #owed: Owed = 'nothing'
  #outstanding: Promise<void> | undefined
  #dead = false
  #timer: Timer | undefined
  #expiry: Timer | undefined
  #notBefore = 0
  #failures = 0
  #sentBody: Buffer | undefined
  #sentStatus: string | undefined

  /** `ended` is called once, as soon as the subscription is terminated: before its last NOTIFY is answered. */
  constructor(
    deps: SubscriptionDeps,
    init: SubscriptionInit,
    ended: (subscription: Subscription) => void,
  ) {
    this.#deps = deps
    this.#ended = ended
    this.id = init.id
    this.package = init.package
    this.eventId = init.eventId
    this.subject = init.subject
    this.createdAt = init.createdAt
    this.dialog = init.dialog
    this.contact = init.contact
    this.contentType = init.contentType
    this.peer = init.peer
    this.expiresAt = init.expiresAt
    this.#decide()
    this.#armExpiry()
  }

  get status(): 'active' | 'pending' | 'terminated' {
    return this.#status
  }

  /** Resolves when no NOTIFY waits for its answer. */
  async settled(): Promise<void> {
    while (this.#outstanding !== undefined) await this.#outstanding
  }

  /** The watcher asked for so many more seconds (RFC 6665 §4.2.1.3). */
  extend(expiresAt: number): void {
    this.expiresAt = expiresAt
    this.#armExpiry()
  }

  /** A NOTIFY must follow each SUBSCRIBE at once, changed or not (RFC 6665 §4.2.1.2). */
  notifyNow(): void {
    this.#owed = 'now'
    // A new SUBSCRIBE shows that the watcher can be reached again.
    this.#failures = 0
    this.#notBefore = 0
    this.#pump()
  }

  /** The resource may look different now. */
  changed(): void {
    if (this.#status === 'terminated') return
    const before = this.#status
    this.#decide()
    if (this.#status !== before) this.#owed = 'now'
    else if (this.#owed === 'nothing') this.#owed = 'change'
    this.#pump()
  }

  /** Tells the watcher with a last NOTIFY. Terminating twice does nothing. */
  terminate(reason: TerminationReason): void {
    if (!this.#close()) return
    this.#reason = reason
    this.#owed = 'now'
    this.#pump()
  }

  /** Ends without a word: the other side has forgotten the dialog, or this process leaves it to the next. */
  abandon(): void {
    this.#dead = true
    this.#timer?.cancel()
    this.#close()
  }

  /** Like `abandon`, but nothing is forgotten elsewhere. */
  suspend(): void {
    this.#dead = true
    this.#timer?.cancel()
    this.#expiry?.cancel()
  }

  #close(): boolean {
    if (this.#status === 'terminated') return false
    this.#status = 'terminated'
    this.#expiry?.cancel()
    this.#ended(this)
    return true
  }

  #decide(): void {
    const decision = this.package.authorize(this.#deps.events, this.subject)
    // RFC 3856 §6.6.2: a polite block is an active subscription to somebody who is never there.
    this.#status = decision === 'confirm' ? 'pending' : 'active'
  }

  #armExpiry(): void {
    this.#expiry?.cancel()
    const wait = this.expiresAt - this.#deps.clock.now()
    this.#expiry = this.#deps.clock.after(wait, () => this.terminate('timeout'))
  }

  /** Sends what is owed, now or as soon as pacing and Retry-After allow. */
  #pump(): void {
    if (this.#dead || this.#outstanding !== undefined || this.#owed === 'nothing') return
    this.#timer?.cancel()
    if (this.#isParked()) return
    const wait = this.#owed === 'now' ? 0 : this.#notBefore - this.#deps.clock.now()
    if (wait > 0) {
      this.#timer = this.#deps.clock.after(wait, () => this.#pump())
      return
    }
    const body = this.package.render(this.#deps.events, this.subject, this.contentType)
    if (this.#owed === 'change' && this.#isKnown(body)) this.#owed = 'nothing'
    else this.#outstanding = this.#notify(body).catch((err: unknown) => this.#broken(err))
  }

  /** The connection is gone and the Contact cannot be connected to (RFC 7118 §5): what is owed waits for a refresh. */
  #isParked(): boolean {
    if (this.#peer()) return false
    const host = parseSipUri(this.dialog.remoteTarget)?.host
    return this.dialog.routeSet.length === 0 && host?.endsWith('.invalid') === true
  }

  /** A connection that has closed is no way any more; the Contact may be one. */
  #peer(): Peer | undefined {
    if (this.peer?.transport === 'udp' || this.peer?.flow?.open) return this.peer
    return undefined
  }

  #isKnown(body: Buffer): boolean {
    if (this.#sentStatus !== this.#status) return false
    return this.#sentBody === body || this.#sentBody?.equals(body) === true
  }

  async #notify(body: Buffer): Promise<void> {
    const { clock, pacing } = this.#deps
    this.#owed = 'nothing'
    this.#notBefore = clock.now() + (pacing.intervalMs ?? this.package.minNotifyIntervalMs)
    const sentStatus = this.#status
    const answer = this.#deps.send(this.#request(body), this.#peer())
    this.#deps.notified(this)
    const response = await answer
    this.#outstanding = undefined
    this.#answered(response, body, sentStatus)
  }

  #request(body: Buffer): SipRequest {
    const request = this.dialog.createRequest('NOTIFY')
    const { event } = this.package
    request.headers.set('Event', this.eventId === undefined ? event : `${event};id=${this.eventId}`)
    request.headers.set('Subscription-State', this.#subscriptionState())
    request.headers.set('Contact', `<${this.contact}>`)
    request.headers.set('Content-Type', this.contentType)
    request.body = body
    return request
  }

  #subscriptionState(): string {
    if (this.#status === 'terminated') return `terminated;reason=${this.#reason}`
    const seconds = Math.ceil((this.expiresAt - this.#deps.clock.now()) / 1000)
    return `${this.#status};expires=${Math.max(0, seconds)}`
  }

  #answered(response: SipResponse, body: Buffer, sentStatus: string): void {
    const verdict = verdictOn(response)
    notifies.inc({ event: this.package.event, result: verdict.kind })
    switch (verdict.kind) {
      case 'accepted':
        this.#failures = 0
        this.#sentBody = body
        this.#sentStatus = sentStatus
        break
      case 'gone':
        this.#giveUp(response)
        return
      case 'failed':
        this.#failures += 1
        if (this.#failures >= this.#deps.pacing.maxFailures) {
          this.#giveUp(response)
          return
        }
        this.#retryAfter(verdict.retryAfterMs ?? RETRY_MS)
    }
    this.#pump()
  }

  /** What failed is owed still; a last NOTIFY is not repeated, and one for a new SUBSCRIBE does not wait. */
  #retryAfter(delayMs: number): void {
    if (this.#owed === 'now' || this.#status === 'terminated') return
    this.#owed = 'change'
    this.#sentBody = undefined
    this.#notBefore = Math.max(this.#notBefore, this.#deps.clock.now() + delayMs)
  }

  /** A bug of ours ends this subscription, not the process. */
  #broken(err: unknown): void {
    this.#outstanding = undefined
    this.#deps.log.error({ what: 'sip_notify_failed', watcher: this.subject.watcher.address, err })
    this.abandon()
  }

  #giveUp(response: SipResponse): void {
    const { watcher, presentity } = this.subject
    if (this.#status !== 'terminated') {
      this.#deps.log.info({
        what: 'sip_subscription_lost',
        watcher: watcher.address,
        presentity,
        status: response.status,
      })
    }
    this.abandon()
  }
}

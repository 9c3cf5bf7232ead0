/**
 * One subscription as the notifier keeps it (RFC 6665 §4.2): when its next NOTIFY is due, and what
 * becomes of it when that is answered.
 *
 *   pending ◀──rules──▶ active ──expired, un-SUBSCRIBE, NOTIFY refused──▶ terminated
 *      └──refused, expired, un-SUBSCRIBE────────────────────────────────────▲
 *
 * At most one NOTIFY waits for its answer; what changes meanwhile is owed, and the next NOTIFY
 * carries the state of the moment in which it leaves. None leaves while it is not known what the
 * watcher may see.
 */

import type { BareJid } from '../../core/address.ts'
import { type Access, NOTHING, type Watcher } from '../../core/presence/access/access.ts'
import type { Timer } from '../../util/clock.ts'
import { counter } from '../../util/metrics.ts'
import type { Dialog } from '../dialog/dialog.ts'
import { SipError } from '../errors.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { parseNameAddr } from '../message/values.ts'
import type { Peer } from '../transport/transport.ts'
import type { Asked } from './asked.ts'
import type { EventPackage, Rendered, State, Subject } from './event-package.ts'
import type { Expiring } from './expiries.ts'
import { isUnreachable, openPeer } from './next-hop.ts'
import {
  createNotify,
  type Draft,
  fillIn,
  isSameState,
  type SubscriptionStatus,
  subscriptionState,
  type TerminationReason,
} from './notify.ts'
import { verdictOn } from './notify-response.ts'
import { StandingAccess } from './standing-access.ts'
import type { SubscriptionDeps, SubscriptionInit } from './subscription-deps.ts'
import type { Watch } from './watch.ts'

const RETRY_MS = 30_000

const notifies = counter({
  name: 'heliograph_sip_notifies_total',
  help: 'NOTIFY requests by how they were answered.',
  labels: ['event', 'result'],
})

/** Where nobody can tell what the watcher may see, he sees nothing. */
const CLOSED: Access = { decision: 'block', visible: NOTHING, asks: false }

type Owed = 'nothing' | 'change' | 'now'

export class Subscription extends StandingAccess implements Expiring, Subject, Watch {
  readonly id: string
  readonly package: EventPackage
  readonly eventId: string | undefined
  readonly presentity: BareJid
  readonly watcher: Watcher
  readonly entity: string
  readonly dialog: Dialog
  readonly contact: string
  /** The latest of a refresh (RFC 6665 §4.2.1.3: Accept, and the flow it came by). */
  contentType: string
  peer: Peer | undefined
  asked: Asked | undefined
  /** Of the keeper: what is on disk; no number where nothing is. */
  storedCseq: number | undefined
  storedStatus: SubscriptionStatus

  readonly #deps: SubscriptionDeps
  #access: Access | undefined
  /** Seconds: a number of milliseconds would be an object of its own. */
  readonly #created: number
  #expires: number
  #status: SubscriptionStatus = 'active'
  #reason: TerminationReason = 'timeout'
  #owed: Owed = 'nothing'
  /** A NOTIFY waits for its answer, or to be rendered. */
  #waits = false
  #settling: PromiseWithResolvers<void> | undefined
  #dead = false
  #timer: Timer | undefined
  #recheck: Timer | undefined
  #renderedAt = 0
  /** What has to pass from then to the next NOTIFY, milliseconds. */
  #pauseMs = 0
  #failures = 0
  /** What the watcher has taken. */
  #sentState: State | undefined
  #sentStatus: SubscriptionStatus = 'active'

  constructor(deps: SubscriptionDeps, init: SubscriptionInit) {
    super()
    this.#deps = deps
    this.id = init.id
    this.package = init.package
    this.eventId = init.eventId
    this.presentity = init.subject.presentity
    this.watcher = init.subject.watcher
    this.entity = init.subject.entity
    this.#created = Math.ceil(init.createdAt / 1000)
    this.dialog = init.dialog
    this.contact = init.contact
    this.contentType = init.contentType
    this.asked = init.asked
    this.peer = init.peer
    this.#expires = Math.ceil(init.expiresAt / 1000)
    this.storedCseq = init.stored && init.dialog.localCseq
    this.storedStatus = init.stored ?? 'active'
    // A fetch ends when it is answered.
    if (init.expiresAt > init.createdAt) deps.expiries.add(this)
  }

  get subject(): Subject {
    return this
  }

  /** Milliseconds since the epoch, in whole seconds as the next. */
  get createdAt(): number {
    return this.#created * 1000
  }

  get expiresAt(): number {
    return this.#expires * 1000
  }

  get displayName(): string | undefined {
    return parseNameAddr(this.dialog.remoteParty)?.displayName
  }

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
    if (this.#dead) return Promise.resolve()
    return this.ask().catch((error: unknown) => this.failed(error))
  }

  /** Resolves when no NOTIFY waits for its answer. */
  async settled(): Promise<void> {
    if (!this.#waits) return
    this.#settling ??= Promise.withResolvers()
    await this.#settling.promise
  }

  /** The watcher asked for so many more seconds (RFC 6665 §4.2.1.3). */
  extend(expiresAt: number): void {
    this.#deps.expiries.remove(this)
    this.#expires = Math.ceil(expiresAt / 1000)
    this.#deps.expiries.add(this)
  }

  /** A NOTIFY must follow each SUBSCRIBE at once, changed or not (RFC 6665 §4.2.1.2). */
  notifyNow(): void {
    this.#owed = 'now'
    this.#sentState = undefined
    // A new SUBSCRIBE shows that the watcher can be reached again.
    this.#failures = 0
    this.#pauseMs = 0
    this.#pump()
  }

  /** The resource may look different now. */
  changed(): void {
    if (this.#status === 'terminated') return
    if (this.#owed === 'nothing') this.#owed = 'change'
    this.#pump()
  }

  /** Tells the watcher with a last NOTIFY. Terminating twice does nothing. */
  terminate(reason: TerminationReason): void {
    if (this.#status === 'terminated') return
    this.#reason = reason
    this.#close()
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
    this.#deps.expiries.remove(this)
    this.#recheck?.cancel()
  }

  #close(): void {
    if (this.#status === 'terminated') return
    this.#status = 'terminated'
    this.#deps.expiries.remove(this)
    this.#recheck?.cancel()
    this.#deps.ended(this)
  }

  protected authorize(): Access | Promise<Access> {
    return this.package.authorize(this.#deps.events, this.subject)
  }

  protected decided(access: Access): void {
    const before = this.#access
    this.#access = access
    if (this.#status !== 'terminated') {
      const status = this.#status
      // RFC 3856 §6.6.2: a polite block is an active subscription to somebody who is never there.
      this.#status = access.decision === 'confirm' ? 'pending' : 'active'
      // A new decision does not wait for the pacing of changes.
      if (before && (before.visible !== access.visible || status !== this.#status)) {
        this.#owed = 'now'
      }
      this.#deps.decided(this, before)
    }
    this.#pump()
  }

  protected failed(error: unknown): void {
    if (this.#dead) return
    this.hold(CLOSED)
    if (error instanceof SipError) {
      this.terminate('rejected')
      return
    }
    const { clock, log } = this.#deps
    log.error({ what: 'sip_access_not_decided', watcher: this.subject.watcher.address, err: error })
    this.decided(CLOSED)
    this.#recheck = clock.after(RETRY_MS, () => void this.reconsider())
  }

  /** For the `Expiries`. */
  expired(): void {
    this.terminate('timeout')
  }

  /** Sends what is owed, now or as soon as pacing and Retry-After allow. */
  #pump(): void {
    if (this.#dead || this.#waits || this.#owed === 'nothing') return
    this.#timer?.cancel()
    const peer = openPeer(this.peer)
    if (!peer && isUnreachable(this.dialog)) return
    if (!this.current) {
      this.require()
      return
    }
    const due = this.#renderedAt + this.#pauseMs
    const wait = this.#owed === 'now' ? 0 : due - this.#deps.clock.now()
    if (wait > 0) {
      this.#timer = this.#deps.clock.after(wait, () => this.#pump())
      return
    }
    try {
      this.#deliver()
    } catch (err) {
      this.#broken(err)
    }
  }

  /** Unless the watcher knows already. What changes from here on is owed again. */
  #deliver(): void {
    const owed = this.#owed
    this.#owed = 'nothing'
    const at = this.#deps.clock.now()
    const status = this.#status
    const access = this.current
    const version = this.dialog.localCseq
    const rendered = this.#render(version)
    if (rendered instanceof Promise) {
      this.#waits = true
      this.#deliverLater({ at, status, access, version }, owed, rendered).catch((err) =>
        this.#broken(err),
      )
    } else if (owed === 'now' || !this.#isKnown(rendered)) {
      this.#notify({ at, status, access, version, rendered })
    }
  }

  async #deliverLater(
    draft: Omit<Draft, 'rendered'>,
    owed: Owed,
    rendering: Promise<Rendered>,
  ): Promise<void> {
    const rendered = await rendering.catch((err: unknown) => this.#notRendered(err))
    if (!rendered) this.#retryAfter(RETRY_MS)
    else if (!this.#dead && (owed === 'now' || !this.#isKnown(rendered))) {
      this.#notify({ ...draft, rendered })
      return
    }
    this.#goOn()
  }

  #notRendered(err: unknown): undefined {
    const { event } = this.package
    this.#deps.log.error({ what: 'sip_notify_not_rendered', event, err })
  }

  #render(version: number): Rendered | Promise<Rendered> {
    return this.package.render(this.#deps.events, this.subject, {
      contentType: this.contentType,
      visible: this.current?.visible ?? NOTHING,
      version,
      since: this.#renderedAt,
      known: this.#sentState,
    })
  }

  #isKnown({ state }: Rendered): boolean {
    if (this.#sentState === undefined || this.#sentStatus !== this.#status) return false
    return isSameState(this.#sentState, state)
  }

  #notify(draft: Draft): void {
    const { clock, pacing } = this.#deps
    this.#waits = true
    this.#renderedAt = draft.at
    const intervalMs = pacing.intervalMs ?? this.package.minNotifyIntervalMs
    this.#pauseMs = clock.now() - draft.at + intervalMs
    const request = createNotify(this)
    let told = draft
    request.leaving = () => {
      told = this.#revise(told)
      this.#write(request, told)
    }
    this.#deps.send(request, openPeer(this.peer), (response) => {
      try {
        this.#answered(response, told)
        this.#goOn()
      } catch (err) {
        this.#broken(err)
      }
    })
    this.#deps.notified(this)
  }

  /** Nothing waits any more, unless there is more to tell. */
  #goOn(): void {
    this.#waits = false
    this.#pump()
    if (!this.#waits) this.#settling?.resolve()
  }

  #write(request: SipRequest, { status, rendered }: Draft): void {
    const restMs = this.expiresAt - this.#deps.clock.now()
    const state = subscriptionState(status, { restMs, reason: this.#reason })
    request.headers.set('Subscription-State', state)
    fillIn(request, rendered, this.contentType)
  }

  /** The way to the watcher may have been long to find: what he may see has to be true when it leaves. */
  #revise(draft: Draft): Draft {
    const access = this.current
    // An end is told by a NOTIFY of its own.
    const status = this.#status === 'terminated' ? draft.status : this.#status
    if (draft.access === access && draft.status === status) return draft
    const rendered = this.#render(draft.version)
    // What could not be told in time is told when it is decided.
    if (!access && this.#owed === 'nothing') this.#owed = 'change'
    return {
      ...draft,
      ...{ access, status },
      rendered: rendered instanceof Promise ? draft.rendered : rendered,
    }
  }

  #answered(response: SipResponse, { rendered, status }: Draft): void {
    const verdict = verdictOn(response)
    notifies.inc({ event: this.package.event, result: verdict.kind })
    switch (verdict.kind) {
      case 'accepted':
        this.#failures = 0
        // What a SUBSCRIBE asks for anew is told from the beginning.
        this.#sentState = this.#owed === 'now' ? undefined : rendered.state
        this.#sentStatus = status
        if (rendered.more) this.#continue()
        break
      case 'gone':
        this.#giveUp(response)
        return
      case 'failed':
        this.#failures += 1
        this.#sentState = undefined
        if (this.#failures >= this.#deps.pacing.maxFailures) {
          this.#giveUp(response)
          return
        }
        this.#retryAfter(verdict.retryAfterMs ?? RETRY_MS)
    }
  }

  /** What did not find room is no change: it does not wait for the pacing of changes. */
  #continue(): void {
    if (this.#owed === 'now' || this.#status === 'terminated') return
    this.#owed = 'change'
    this.#pauseMs = 0
  }

  /** What failed is owed still; a last NOTIFY is not repeated, and one for a new SUBSCRIBE does not wait. */
  #retryAfter(delayMs: number): void {
    if (this.#owed === 'now' || this.#status === 'terminated') return
    this.#owed = 'change'
    const since = this.#deps.clock.now() - this.#renderedAt
    this.#pauseMs = Math.max(this.#pauseMs, since + delayMs)
  }

  /** A bug of ours ends this subscription, not the process. */
  #broken(err: unknown): void {
    this.#waits = false
    this.#settling?.resolve()
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

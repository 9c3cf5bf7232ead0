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

import { NOTHING } from '../../core/presence/access/access.ts'
import type { Timer } from '../../util/clock.ts'
import { counter } from '../../util/metrics.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { parseEvent } from '../message/values.ts'
import { onCondition, withRates } from './asked.ts'
import { type Before, DecidedSubscription } from './decided-subscription.ts'
import { ANY_ENTITY, entityTagOf } from './entity-tag.ts'
import type { Rendered, State } from './event-package.ts'
import { isUnreachable, openPeer } from './next-hop.ts'
import {
  createNotify,
  type Draft,
  fillIn,
  isSameState,
  NOTHING_TO_TELL,
  omitBody,
  type SubscriptionStatus,
  subscriptionState,
  type TerminationReason,
} from './notify.ts'
import { verdictOn } from './notify-response.ts'
import type { Watch } from './watch.ts'

const RETRY_MS = 30_000

const notifies = counter({
  name: 'heliograph_sip_notifies_total',
  help: 'NOTIFY requests by how they were answered.',
  labels: ['event', 'result'],
})

/** `again`: though nothing has changed, for a watcher who asked to be told as often (RFC 6446 §6.2). */
type Owed = 'nothing' | 'change' | 'again' | 'now'

export class Subscription extends DecidedSubscription implements Watch {
  #owed: Owed = 'nothing'
  /** A NOTIFY waits for its answer, or to be rendered. */
  #waits = false
  #settling: PromiseWithResolvers<void> | undefined = undefined
  #dead = false
  #timer: Timer | undefined = undefined
  #renderedAt = 0
  /** What has to pass from then to the next NOTIFY, milliseconds. */
  #pauseMs = 0
  #failures = 0
  /** What the watcher has taken. */
  #sentState: State | undefined = undefined
  #sentStatus: SubscriptionStatus | undefined = undefined

  protected get isDead(): boolean {
    return this.#dead
  }

  /** Resolves when no NOTIFY waits for its answer. */
  async settled(): Promise<void> {
    if (!this.#waits) return
    this.#settling ??= Promise.withResolvers()
    await this.#settling.promise
  }

  /** Whether he has what he would be told, as his condition says (RFC 5839 §6.2). He is taken at his word. */
  async has(condition: string): Promise<boolean> {
    if (condition === ANY_ENTITY) return true
    if (!this.current) return false
    const rendered = await this.#render(this.dialog.localCseq)
    if (entityTagOf(rendered, this.contentType) !== condition) return false
    this.#sentState = rendered.state
    return true
  }

  /** Nothing but documents changes in what he is told (RFC 5839 §6.3: no reportable change in the header). */
  get isStatusKnown(): boolean {
    return this.#sentStatus === this.status
  }

  /** A SUBSCRIBE that no NOTIFY follows: it shows, too, that the watcher can be reached. */
  keepQuiet(): void {
    this.#failures = 0
    this.#pauseMs = this.asked?.rates?.pauseMs(this.intervalMs) ?? this.intervalMs
    this.#pump()
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

  /** As `notifyNow`, for a SUBSCRIBE that said what it changes: the watcher knows the rest. */
  notifyChanges(): void {
    if (this.#owed !== 'now') this.#owed = 'again'
    this.#failures = 0
    this.#pauseMs = 0
    this.#pump()
  }

  /** The resource may look different now. */
  changed(): void {
    if (this.status === 'terminated') return
    if (this.#owed !== 'now') this.#owed = 'change'
    this.#pump()
  }

  /** Tells the watcher with a last NOTIFY. Terminating twice does nothing. */
  terminate(reason: TerminationReason): void {
    if (this.status === 'terminated') return
    this.close(reason)
    this.#owed = 'now'
    this.#pump()
  }

  /** Ends without a word: the other side has forgotten the dialog, or this process leaves it to the next. */
  abandon(): void {
    this.#dead = true
    this.#timer?.cancel()
    this.close()
  }

  /** Like `abandon`, but nothing is forgotten elsewhere. */
  suspend(): void {
    this.#dead = true
    this.#timer?.cancel()
    this.rest()
  }

  protected closed(): void {
    this.deps.ended(this)
  }

  protected judged({ access: before, status }: Before): void {
    if (this.status !== 'terminated') {
      const isOther = before?.visible !== this.access?.visible || status !== this.status
      if (before && isOther) this.#owed = this.#urgencyAfter(status)
      this.deps.decided(this, before)
    }
    this.#pump()
  }

  /** A new decision does not wait for the pacing of changes, but for a rate that was asked for (RFC 6446 §5.2). */
  #urgencyAfter(status: SubscriptionStatus): Owed {
    const isLetIn = status === 'pending' && this.status === 'active'
    const isPaced = this.asked?.rates?.max !== undefined && !isLetIn
    return isPaced && this.#owed !== 'now' ? 'change' : 'now'
  }

  /** For the `Expiries`. */
  expired(): void {
    this.terminate('timeout')
  }

  /** Sends what is owed, now or as soon as pacing and Retry-After allow. */
  #pump(): void {
    if (this.#dead || this.#waits) return
    this.#timer?.cancel()
    if (this.#owed === 'nothing') {
      this.#sleep(this.#renderedAt)
      return
    }
    const peer = openPeer(this.peer)
    if (!peer && isUnreachable(this.dialog)) return
    if (!this.current && this.reason !== 'probation') {
      this.require()
      return
    }
    const due = this.#renderedAt + this.#pauseMs
    const wait = this.#owed === 'now' ? 0 : due - this.deps.clock.now()
    if (wait > 0) {
      this.#timer = this.deps.clock.after(wait, () => this.#pump())
      return
    }
    try {
      this.#deliver()
    } catch (err) {
      this.#broken(err)
    }
  }

  /** Until something changes, or for as long as the watcher wants to hear nothing at most (RFC 6446 §6.2). */
  #sleep(from: number): void {
    const silenceMs = this.asked?.rates?.silenceMs
    if (silenceMs === undefined || this.status === 'terminated') return
    const { clock } = this.deps
    const due = from + silenceMs
    this.#timer = clock.after(due - clock.now(), () => {
      this.#owed = 'again'
      this.#pump()
    })
  }

  /** Unless the watcher knows already. What changes from here on is owed again. */
  #deliver(): void {
    const owed = this.#owed
    this.#owed = 'nothing'
    const at = this.deps.clock.now()
    const status = this.status
    const access = this.current
    const version = this.dialog.localCseq
    const rendered = this.#render(version)
    if (rendered instanceof Promise) {
      this.#waits = true
      this.#deliverLater({ at, status, access, version }, owed, rendered).catch((err) =>
        this.#broken(err),
      )
    } else if (rendered.ends && status !== 'terminated') {
      this.terminate(rendered.ends)
    } else if (this.#isWanted(owed, rendered)) {
      this.#notify({ at, status, access, version, rendered })
    } else this.#sleep(owed === 'again' ? at : this.#renderedAt)
  }

  async #deliverLater(
    draft: Omit<Draft, 'rendered'>,
    owed: Owed,
    rendering: Promise<Rendered>,
  ): Promise<void> {
    const rendered = await rendering.catch((err: unknown) => this.#notRendered(err))
    if (!rendered) this.#retryAfter(RETRY_MS)
    else if (!this.#dead && this.#isWanted(owed, rendered)) {
      this.#notify({ ...draft, rendered })
      return
    }
    this.#goOn()
  }

  #notRendered(err: unknown): undefined {
    const { event } = this.package
    this.deps.log.error({ what: 'sip_notify_not_rendered', event, err })
  }

  #render(version: number): Rendered | Promise<Rendered> {
    // Ended for a reason of ours that has nothing to do with the resource.
    if (this.reason === 'probation') return NOTHING_TO_TELL
    return this.package.render(this.deps.events, this.subject, {
      contentType: this.contentType,
      visible: this.current?.visible ?? NOTHING,
      version,
      since: this.#renderedAt,
      // Without a body the versions that he has may leave one out.
      known: this.asked?.suppress === undefined ? this.#sentState : undefined,
    })
  }

  #isWanted(owed: Owed, { state }: Rendered): boolean {
    if (!this.isStatusKnown) return true
    const condition = this.asked?.suppress
    if (condition === ANY_ENTITY) return false
    if (owed === 'now') return true
    const isKnown = this.#sentState !== undefined && isSameState(this.#sentState, state)
    return !isKnown || (owed === 'again' && condition === undefined)
  }

  #notify(draft: Draft): void {
    const { clock } = this.deps
    const { intervalMs } = this
    const rates = this.asked?.rates
    this.#waits = true
    this.#renderedAt = draft.at
    this.#pauseMs = clock.now() - draft.at + (rates?.pauseMs(intervalMs) ?? intervalMs)
    rates?.sent(clock.now())
    const request = createNotify(this)
    let told = draft
    request.leaving = () => {
      told = this.#revise(told)
      this.#write(request, told)
    }
    this.deps.send(request, openPeer(this.peer), (response) => {
      try {
        this.#answered(response, told)
        this.#goOn()
      } catch (err) {
        this.#broken(err)
      }
    })
    this.deps.notified(this)
  }

  /** Nothing waits any more, unless there is more to tell. */
  #goOn(): void {
    this.#waits = false
    this.#pump()
    if (!this.#waits) this.#settling?.resolve()
  }

  #write(request: SipRequest, { status, rendered }: Draft): void {
    const restMs = this.expiresAt - this.deps.clock.now()
    const state = subscriptionState(status, { restMs, reason: this.reason })
    const rates = this.asked?.rates?.toString() ?? ''
    request.headers.set('Subscription-State', state + rates)
    fillIn(request, rendered, this.contentType)
    if (rendered.body.length > 0) this.#tag(request, entityTagOf(rendered, this.contentType))
  }

  /** RFC 5839 §6.2; once the watcher has got another document, his condition is not true any more. */
  #tag(request: SipRequest, tag: string): void {
    request.headers.set('SIP-ETag', tag)
    const condition = this.asked?.suppress
    if (condition === undefined) return
    if (condition === ANY_ENTITY || condition === tag) omitBody(request)
    else this.asked = onCondition(this.asked, undefined)
  }

  /** The way to the watcher may have been long to find: what he may see has to be true when it leaves. */
  #revise(draft: Draft): Draft {
    const access = this.current
    // An end is told by a NOTIFY of its own.
    const status = this.status === 'terminated' ? draft.status : this.status
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
        this.#taken(rendered, status)
        this.#adopt(response)
        if (rendered.more && this.#sentState !== undefined) this.#continue()
        break
      case 'gone':
        this.#giveUp(response)
        return
      case 'failed':
        this.#failures += 1
        this.#sentState = undefined
        this.#sentStatus = undefined
        if (this.#failures >= this.deps.pacing.maxFailures) {
          this.#giveUp(response)
          return
        }
        this.#retryAfter(verdict.retryAfterMs ?? RETRY_MS)
    }
  }

  #taken({ state }: Rendered, status: SubscriptionStatus): void {
    this.#failures = 0
    this.#sentStatus = status
    // What a SUBSCRIBE asks for anew is told from the beginning; who is told nothing knows nothing.
    const isTold = this.#owed !== 'now' && this.asked?.suppress !== ANY_ENTITY
    this.#sentState = isTold ? state : undefined
  }

  /** What did not find room is no change: it does not wait for the pacing of changes. */
  #continue(): void {
    if (this.#owed !== 'nothing' && this.#owed !== 'change') return
    if (this.status === 'terminated') return
    this.#owed = 'change'
    this.#pauseMs = 0
  }

  /** Other rates may come with the answer to a NOTIFY (RFC 6446 §9.3). */
  #adopt({ headers }: SipResponse): void {
    const value = headers.get('Event')
    const event = value === undefined ? undefined : parseEvent(value)
    if (event?.package !== this.package.event) return
    this.asked = withRates(this.asked, event.params)
    const { intervalMs } = this
    this.#pauseMs = this.asked?.rates?.pauseMs(intervalMs) ?? intervalMs
    this.deps.modified(this)
  }

  /** What failed is owed still; a last NOTIFY is not repeated, and one for a new SUBSCRIBE does not wait. */
  #retryAfter(delayMs: number): void {
    if (this.#owed === 'now' || this.status === 'terminated') return
    this.#owed = 'change'
    const since = this.deps.clock.now() - this.#renderedAt
    this.#pauseMs = Math.max(this.#pauseMs, since + delayMs)
  }

  /** A bug of ours ends this subscription, not the process; he may come again. */
  #broken(err: unknown): void {
    this.#waits = false
    this.deps.log.error({ what: 'sip_notify_failed', watcher: this.watcher.address, err })
    if (this.status === 'terminated') this.abandon()
    else this.terminate('probation')
    if (!this.#waits) this.#settling?.resolve()
  }

  #giveUp(response: SipResponse): void {
    const { watcher, presentity } = this.subject
    if (this.status !== 'terminated') {
      this.deps.log.info({
        what: 'sip_subscription_lost',
        watcher: watcher.address,
        presentity,
        status: response.status,
      })
    }
    this.abandon()
  }
}

/**
 * The notifier (RFC 6665 §4.2): takes SUBSCRIBEs, keeps the subscriptions and tells them of changes.
 *
 * Order of the checks, each answered before the next is made: who asks (401), the event package
 * (489), a body (415), Accept (406), Expires (423), the dialog (481, 500), the resource (404), how
 * many there are (403, 503), the access rules. The subscription is stored before the 200 leaves.
 */
import { randomInt } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import type { Watcher } from '../../core/presence/access/access.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { sharedString } from '../../util/own-string.ts'
import { orderedId } from '../../util/random-id.ts'
import type { SipIdentity } from '../auth/identity.ts'
import { Dialog, dialogKeyOf } from '../dialog/dialog.ts'
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { createResponse, newTag } from '../message/respond.ts'
import { type EventValue, parseEvent } from '../message/values.ts'
import type { ServerTransaction, SipUserAgent } from '../user-agent.ts'
import { AccessReviews } from './access-reviews.ts'
import type { EventDeps, EventPackage, ExpiresBounds } from './event-package.ts'
import { Expiries } from './expiries.ts'
import { allowEvents, grantExpires, negotiate } from './headers.ts'
import { nextHop, sharedPeer } from './next-hop.ts'
import { aorOf, type Identify, type ResolveResource, watcherOf } from './resources.ts'
import { Subscription } from './subscription.ts'
import type { NotifyPacing, SubscriptionDeps, SubscriptionInit } from './subscription-deps.ts'
import { isDurable, type SubscriptionKeeper } from './subscription-keeper.ts'
import type { SubscriptionTable } from './subscription-table.ts'

export interface NotifierDeps {
  readonly clock: Clock
  readonly log: Log
  readonly userAgent: Pick<SipUserAgent, 'send'>
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly packages: readonly EventPackage[]
  readonly events: EventDeps
  readonly keeper: SubscriptionKeeper
  readonly table: SubscriptionTable
  readonly expires: ExpiresBounds
  readonly pacing: NotifyPacing
}

/** What a SUBSCRIBE asks for, once the checks on it alone are passed. */
interface Demand {
  readonly tx: ServerTransaction
  readonly watcher: Watcher
  readonly event: EventValue
  readonly package: EventPackage
  readonly contentType: string
  readonly seconds: number
}

/** After a restart the NOTIFYs that tell what has changed wait for the listeners, and do not leave all at once. */
export const RESTORE_DELAY_MS = 500
export const RESTORE_SPREAD_MS = 5_000
/** What a restart takes, with some to spare. */
const STOPPING_RETRY_SECONDS = '10'

export class Notifier {
  readonly #deps: NotifierDeps
  readonly #subscriptionDeps: SubscriptionDeps
  readonly #watches: Disposable[]
  readonly #reviews: AccessReviews
  /** Terminated, and the last NOTIFY not answered yet. */
  readonly #leaving = new Set<Subscription>()
  #stopping = false

  constructor(deps: NotifierDeps) {
    this.#deps = deps
    const { clock, log, events, pacing, userAgent, packages } = deps
    this.#subscriptionDeps = {
      clock,
      log,
      events,
      pacing,
      expiries: new Expiries(clock),
      send: (request, to, answered) => userAgent.send(request, to, answered),
      notified: (subscription) => deps.keeper.notified(subscription),
      decided: (subscription, before) => {
        deps.keeper.decided(subscription)
        events.watcherStates.decided(subscription, before)
      },
      ended: (subscription) => this.#ended(subscription),
    }
    this.#watches = packages.map((pkg) =>
      pkg.watch(events, (presentity) => this.#changed(pkg, presentity)),
    )
    this.#reviews = new AccessReviews(deps)
    this.#watches.push(this.#reviews.start())
  }

  /** Handles a SUBSCRIBE; throws `SipError`. */
  async handle(tx: ServerTransaction): Promise<void> {
    if (this.#stopping)
      throw new SipError(503, undefined, [['Retry-After', STOPPING_RETRY_SECONDS]])
    const identity = await this.#deps.identify(tx)
    const demand = this.#examine(tx, identity)
    const dialogKey = dialogKeyOf(tx.request)
    if (dialogKey === undefined) await this.#open(demand)
    else await this.#refresh(demand, dialogKey)
  }

  /** Takes up the subscriptions of before a restart, and tells each how things are now. */
  async restore(): Promise<void> {
    const { keeper, packages, clock } = this.#deps
    for (const init of await keeper.load(packages, clock.now())) {
      const subscription = this.#create(init)
      this.#deps.table.add(subscription)
      clock.after(RESTORE_DELAY_MS + randomInt(RESTORE_SPREAD_MS), () => this.#resume(subscription))
    }
  }

  #resume(subscription: Subscription): void {
    const reconsidered = subscription.reconsider()
    subscription.changed()
    void reconsidered.then(() => this.#reviews.ask(subscription))
  }

  /**
   * Stops: subscriptions that survive a restart are left alone, the watchers of all others are told to
   * subscribe again (`deactivated`). Resolves when they have answered; nobody waits longer than he wants to.
   */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const watch of this.#watches) watch[Symbol.dispose]()
    for (const subscription of [...this.#deps.table.all()]) {
      if (isDurable(subscription)) subscription.suspend()
      else subscription.terminate('deactivated')
    }
    await Promise.all([...this.#leaving].map((subscription) => subscription.settled()))
  }

  /** The user is gone: who watches him is told so, and he watches nobody any more. */
  forget(account: BareJid): void {
    for (const subscription of [...this.#deps.table.all()]) {
      const { presentity, watcher } = subscription.subject
      if (presentity === account) subscription.terminate('noresource')
      else if (watcher.account === account) subscription.terminate('rejected')
    }
  }

  /** Whoever knows the new password may watch on: he subscribes again, and proves it. */
  passwordChanged(account: BareJid): void {
    for (const subscription of [...this.#deps.table.all()]) {
      if (subscription.subject.watcher.account === account) subscription.terminate('deactivated')
    }
  }

  #changed(pkg: EventPackage, presentity: BareJid | undefined): void {
    const { table } = this.#deps
    if (presentity !== undefined) {
      for (const subscription of table.inPackage(pkg, presentity)) subscription.changed()
      return
    }
    for (const subscription of table.all()) {
      if (subscription.package === pkg) subscription.changed()
    }
  }

  #examine(tx: ServerTransaction, identity: SipIdentity): Demand {
    const { request } = tx
    const { packages, expires } = this.#deps
    const event = parseEvent(request.headers.get('Event') ?? '')
    const pkg = packages.find((candidate) => candidate.event === event?.package)
    if (!event || !pkg) throw new SipError(489, undefined, allowEvents(packages))
    refuseBody(request)
    const contentType = negotiate(request, pkg.contentTypes)
    if (contentType === undefined) throw new SipError(406)
    const seconds = grantExpires(request, expires)
    return { tx, watcher: watcherOf(identity), event, package: pkg, contentType, seconds }
  }

  async #open(demand: Demand): Promise<void> {
    const { tx, watcher, seconds } = demand
    const { clock, resolve, table, keeper } = this.#deps
    const { request } = tx
    const dialog = Dialog.asUas(request, newTag()) // 400 without Contact
    const presentity = await resolve(request.uri)
    table.requireRoomFor(watcher.address)
    const now = clock.now()
    const subscription = this.#create({
      id: orderedId(now),
      package: demand.package,
      eventId: demand.event.id,
      subject: { presentity, watcher, entity: aorOf(request.uri) },
      contentType: demand.contentType,
      createdAt: now,
      dialog,
      contact: sharedString(tx.contact),
      peer: sharedPeer(nextHop(request, tx.source)),
      expiresAt: now + seconds * 1000,
    })
    table.add(subscription)
    await this.#orAbandon(subscription, () => subscription.admit())
    if (seconds > 0) await this.#orAbandon(subscription, () => keeper.save(subscription))
    await this.#reviews.ask(subscription)
    this.#accept(tx, subscription, seconds)
    // §4.4.3: a fetch is a subscription that ends with its first NOTIFY.
    if (seconds === 0) subscription.terminate('timeout')
    else subscription.notifyNow()
  }

  async #refresh(demand: Demand, dialogKey: string): Promise<void> {
    const { tx, watcher, seconds } = demand
    const { request } = tx
    const subscription = this.#deps.table.get(dialogKey)
    if (!subscription || !isSame(subscription, demand)) throw new SipError(481)
    if (subscription.subject.watcher.address !== watcher.address) throw new SipError(403)
    subscription.dialog.accept(request) // 500 for an old request that got late here
    subscription.peer = sharedPeer(nextHop(request, tx.source))
    if (seconds === 0) {
      this.#accept(tx, subscription, 0)
      subscription.terminate('timeout')
      return
    }
    subscription.contentType = demand.contentType
    subscription.extend(this.#deps.clock.now() + seconds * 1000)
    await this.#deps.keeper.save(subscription)
    await this.#reviews.ask(subscription)
    // Ended while it was being written: an un-SUBSCRIBE or a 481 has overtaken.
    if (subscription.status === 'terminated') throw new SipError(481)
    this.#accept(tx, subscription, seconds)
    subscription.notifyNow()
  }

  async #orAbandon(subscription: Subscription, step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      subscription.abandon()
      throw error
    }
  }

  #accept(tx: ServerTransaction, { dialog }: Subscription, seconds: number): void {
    const headers: [string, string][] = [
      ['Expires', String(seconds)],
      ['Contact', `<${tx.contact}>`],
    ]
    tx.respond(createResponse(tx.request, 200, undefined, { headers, toTag: dialog.localTag }))
  }

  #create(init: SubscriptionInit): Subscription {
    return new Subscription(this.#subscriptionDeps, init)
  }

  #ended(subscription: Subscription): void {
    this.#deps.table.remove(subscription)
    this.#deps.keeper.forget(subscription)
    this.#deps.events.watcherStates.ended(subscription)
    this.#leaving.add(subscription)
    // Its last NOTIFY leaves in this turn.
    queueMicrotask(() => void subscription.settled().then(() => this.#leaving.delete(subscription)))
  }
}

/** §4.5.2: the same event and id, or it is another subscription than the one in this dialog. */
function isSame(subscription: Subscription, { package: pkg, event }: Demand): boolean {
  return subscription.package === pkg && subscription.eventId === event.id
}

/** Filters (RFC 4660 §3.4) and lists (RFC 5367) are not taken yet; what would be ignored is refused (RFC 3261 §8.2.3). */
function refuseBody({ headers, body }: SipRequest): void {
  if (body.length === 0) return
  if (/handling\s*=\s*optional/i.test(headers.get('Content-Disposition') ?? '')) return
  throw new SipError(415, undefined, [['Accept', '']])
}

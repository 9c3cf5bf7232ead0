/**
 * The notifier (RFC 6665 §4.2): takes SUBSCRIBEs, keeps the subscriptions and tells them of changes.
 *
 * Order of the checks, each answered before the next is made: who asks (401), the event package
 * (489), who serves it, a body (415), Accept (406), Expires (423), the dialog (481, 500), the resource
 * (404), how many there are (403, 503), the access rules. The subscription is stored before the 200 leaves.
 */
import type { BareJid } from '../../core/address.ts'
import type { Watcher } from '../../core/presence/access/access.ts'
import { sharedString } from '../../util/own-string.ts'
import { orderedId } from '../../util/random-id.ts'
import { Dialog, dialogKeyOf } from '../dialog/dialog.ts'
import { SipError } from '../errors.ts'
import type { HeaderEntry } from '../message/message.ts'
import { createResponse, newTag } from '../message/respond.ts'
import type { Peer, ServerTransaction } from '../user-agent.ts'
import { AccessReviews } from './access-reviews.ts'
import { type Asked, onCondition, parseAsked } from './asked.ts'
import { type Demand, requirePackage, requireTerms } from './demand.ts'
import type { EventPackage, Refreshed } from './event-package.ts'
import { Expiries } from './expiries.ts'
import { ExpirySpread } from './expiry-spread.ts'
import { allowEvents } from './headers.ts'
import { nextHop, peerHostOf, sharedPeer } from './next-hop.ts'
import type { NotifierDeps } from './notifier-deps.ts'
import type { TerminationReason } from './notify.ts'
import { PendingDeadlines } from './pending-deadlines.ts'
import { aorOf, resourceOf, watcherOf } from './resources.ts'
import { restoreSubscriptions } from './restoration.ts'
import type { Served, Wanted, WatchRegister } from './subscribe-service.ts'
import { Subscription } from './subscription.ts'
import type { SubscriptionDeps, SubscriptionInit } from './subscription-deps.ts'
import { isDurable } from './subscription-keeper.ts'

/** A subscription that comes with another request than SUBSCRIBE. */
export interface ImplicitSubscription {
  readonly served: Served
  readonly entity: string
  readonly eventId: string
  readonly seconds: number
  /** Answers the request. */
  accept(toTag: string): void
}

/** What a restart takes, with some to spare. */
const STOPPING_RETRY_SECONDS = '10'

export class Notifier {
  readonly #deps: NotifierDeps
  readonly #subscriptionDeps: SubscriptionDeps
  readonly #watches: Disposable[]
  readonly #reviews: AccessReviews
  readonly #register: WatchRegister
  readonly #pending: PendingDeadlines
  readonly #spread: ExpirySpread
  /** RFC 6665 §4.4.4: in what begins dialogs. */
  readonly #allowEvents: readonly [string, string][]
  /** Terminated, and the last NOTIFY not answered yet. */
  readonly #leaving = new Set<Subscription>()
  #stopping = false

  constructor(deps: NotifierDeps) {
    this.#deps = deps
    this.#allowEvents = allowEvents(deps.packages)
    this.#pending = new PendingDeadlines(deps.clock, deps.pendingTimeoutMs)
    this.#spread = new ExpirySpread({ ...deps, live: () => deps.table.size })
    const { clock, log, events, pacing, userAgent, packages } = deps
    this.#subscriptionDeps = {
      clock,
      log,
      events,
      pacing,
      expiries: new Expiries(clock),
      send: (request, to, answered) => userAgent.send(request, to, answered),
      notified: (subscription) => deps.keeper.notified(subscription),
      modified: (subscription) => deps.keeper.modified(subscription),
      decided: (subscription, before) => {
        this.#pending.decided(subscription)
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
    this.#register = watchRegister(deps, this.#reviews)
  }

  /** Handles a SUBSCRIBE; throws `SipError`. */
  async handle(tx: ServerTransaction): Promise<void> {
    if (this.#stopping)
      throw new SipError(503, undefined, [['Retry-After', STOPPING_RETRY_SECONDS]])
    const watcher = watcherOf(await this.#deps.identify(tx))
    const demand: Demand = { tx, watcher, ...requirePackage(tx.request, this.#deps.packages) }
    const dialogKey = dialogKeyOf(tx.request)
    if (dialogKey === undefined) await this.#open(demand)
    else await this.#refresh(demand, dialogKey)
  }

  /** Takes up the subscriptions of before a restart, and tells each how things are now. */
  async restore(): Promise<void> {
    await restoreSubscriptions({
      ...this.#deps,
      reviews: this.#reviews,
      register: this.#register,
      create: (init) => this.#create(init),
    })
  }

  /**
   * Stops: subscriptions that survive a restart are left alone, the watchers of all others are told to
   * subscribe again (`deactivated`). Resolves when they have answered; nobody waits longer than he wants to.
   */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const watch of this.#watches) watch[Symbol.dispose]()
    this.#deps.keeper.stop()
    for (const subscription of [...this.#deps.table.dialogs()]) {
      if (isDurable(subscription)) subscription.suspend()
      else subscription.terminate('deactivated')
    }
    await Promise.all([...this.#leaving].map((subscription) => subscription.settled()))
  }

  /** The user is gone: who watches him is told so, and he watches nobody any more. */
  forget(account: BareJid): void {
    for (const watch of this.#deps.table.of(account)) watch.terminate('noresource')
    this.#endAllOf(account, 'rejected')
    // Nobody watches on his behalf any more, either.
    for (const watch of [...this.#deps.table.watches()]) {
      if (watch.watcher.account === account) watch.terminate('rejected')
    }
  }

  /** Whoever knows the new password may watch on: he subscribes again, and proves it. */
  passwordChanged(account: BareJid): void {
    this.#endAllOf(account, 'deactivated')
  }

  #endAllOf(watcher: BareJid, reason: TerminationReason): void {
    for (const subscription of [...this.#deps.table.dialogs()]) {
      if (subscription.watcher.account === watcher) subscription.terminate(reason)
    }
  }

  #changed(pkg: EventPackage, presentity: BareJid | undefined): void {
    const { table } = this.#deps
    const concerned =
      presentity === undefined ? table.allInPackage(pkg) : table.inPackage(pkg, presentity)
    for (const watch of concerned) watch.changed()
  }

  async #open(demand: Demand): Promise<void> {
    const { tx, watcher } = demand
    const { clock, resolve, expires } = this.#deps
    const { request } = tx
    const served = await this.#claim(demand)
    const pkg = served?.package ?? demand.package
    const { contentType, asked, ...terms } = requireTerms(demand, pkg, { expires })
    const seconds = this.#spread.grant(terms.seconds)
    const dialog = Dialog.asUas(request, newTag()) // 400 without Contact
    const presentity = served?.presentity ?? (await resolve(request.uri))
    const peer = this.#requireRoom(tx, watcher, dialog)
    const now = clock.now()
    const subscription = this.#create({
      id: orderedId(now),
      package: pkg,
      eventId: demand.event.id,
      subject: { presentity, watcher, entity: resourceOf(request.uri) },
      contentType,
      asked,
      createdAt: now,
      dialog,
      contact: sharedString(tx.contact),
      peer,
      expiresAt: now + seconds * 1000,
    })
    await this.#start(subscription, served)
    this.#accept(tx, subscription, seconds)
    // §4.4.3: a fetch is a subscription that ends with its first NOTIFY.
    if (seconds === 0) subscription.terminate('timeout')
    else subscription.notifyNow()
  }

  /**
   * Begins a subscription that another request than SUBSCRIBE asks for (RFC 3515 §2.4.4): `accept` answers that
   * one, under our tag of the dialog; then comes the first NOTIFY. Throws `SipError`.
   */
  async begin(
    tx: ServerTransaction,
    watcher: Watcher,
    wanted: ImplicitSubscription,
  ): Promise<void> {
    const { clock } = this.#deps
    const { served, entity, eventId, seconds } = wanted
    const dialog = Dialog.asUas(tx.request, newTag()) // 400 without Contact
    const peer = this.#requireRoom(tx, watcher, dialog)
    const now = clock.now()
    const subscription = this.#create({
      id: orderedId(now),
      package: served.package,
      eventId,
      subject: { presentity: served.presentity, watcher, entity },
      contentType: served.package.contentTypes[0],
      asked: undefined,
      createdAt: now,
      dialog,
      contact: sharedString(tx.contact),
      peer,
      expiresAt: now + seconds * 1000,
    })
    await this.#start(subscription, served)
    wanted.accept(dialog.localTag)
    subscription.notifyNow()
  }

  /** Answers where its NOTIFYs will go. Throws `SipError` 403 or 503. */
  #requireRoom(tx: ServerTransaction, watcher: Watcher, dialog: Dialog): Peer | undefined {
    const { trusted } = tx
    const peer = sharedPeer(nextHop(tx.request, tx.source))
    const host = peerHostOf(peer, dialog)
    this.#deps.table.requireRoomFor({ watcher: watcher.address, peer: host, trusted })
    return peer
  }

  /** It is in the table from here on, and stored where it is not a fetch. */
  async #start(subscription: Subscription, served: Served | undefined): Promise<void> {
    const { table, keeper } = this.#deps
    table.add(subscription)
    served?.begin(subscription, this.#register)
    await this.#orAbandon(subscription, () => subscription.admit())
    if (subscription.expiresAt > subscription.createdAt) {
      await this.#orAbandon(subscription, () => keeper.save(subscription))
    }
    await this.#reviews.ask(subscription)
  }

  /** Nothing but lists has an address that no person has: what nobody claims is a person's. */
  async #claim({ tx, watcher, event, package: pkg }: Demand): Promise<Served | undefined> {
    const { services = [] } = this.#deps
    if (services.length === 0) return undefined
    const { request } = tx
    const asked = parseAsked(request, event)
    const wanted: Wanted = { package: pkg, entity: aorOf(request.uri), watcher, asked }
    for (const service of services) {
      const served = await service.claim(wanted, request)
      if (served) return served
    }
    return undefined
  }

  async #refresh(demand: Demand, dialogKey: string): Promise<void> {
    const { tx, watcher } = demand
    const { request } = tx
    const { table, clock, keeper, expires } = this.#deps
    const subscription = table.get(dialogKey)
    const terms = requireTerms(demand, subscription?.package ?? demand.package, {
      expires,
      before: subscription?.asked,
    })
    if (!subscription || !isSame(subscription, demand)) throw new SipError(481)
    if (subscription.subject.watcher.address !== watcher.address) throw new SipError(403)
    // 500 for an old request that got late here.
    table.move(subscription, sharedPeer(nextHop(request, tx.source)), () =>
      subscription.dialog.accept(request),
    )
    if (terms.seconds === 0) {
      await this.#unsubscribe(tx, subscription, terms.asked?.suppress)
      return
    }
    subscription.contentType = terms.contentType
    const refreshed = await this.#askAnew(subscription, terms.asked)
    const seconds = this.#spread.grant(terms.seconds)
    subscription.extend(clock.now() + seconds * 1000)
    await keeper.save(subscription)
    await this.#reviews.ask(subscription)
    // Ended while it was being written: an un-SUBSCRIBE or a 481 has overtaken.
    const isKnown = await hasEntity(subscription, terms.asked?.suppress)
    if (subscription.status === 'terminated') throw new SipError(481)
    // RFC 5839 §6.3: no NOTIFY where it would say nothing new.
    const isQuiet = isKnown && subscription.isStatusKnown
    this.#accept(tx, subscription, seconds, isQuiet ? 204 : 200)
    if (isQuiet) subscription.keepQuiet()
    else if (refreshed === 'changes') subscription.notifyChanges()
    else subscription.notifyNow()
  }

  /** RFC 5839 §5.7: who has the state is told nothing more. */
  async #unsubscribe(
    tx: ServerTransaction,
    subscription: Subscription,
    condition: string | undefined,
  ): Promise<void> {
    subscription.asked = onCondition(subscription.asked, condition)
    const isKnown = await hasEntity(subscription, condition)
    this.#accept(tx, subscription, 0, isKnown ? 204 : 200)
    if (isKnown) subscription.abandon()
    else subscription.terminate('timeout')
  }

  /** What a service refuses leaves the subscription as it was (RFC 6665 §4.2.1.3). */
  async #askAnew(subscription: Subscription, asked: Asked | undefined): Promise<Refreshed> {
    const before = subscription.asked
    subscription.asked = asked
    try {
      return await subscription.package.service?.refreshed(subscription)
    } catch (error) {
      subscription.asked = before
      throw error
    }
  }

  async #orAbandon(subscription: Subscription, step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      subscription.abandon()
      throw error
    }
  }

  #accept(
    tx: ServerTransaction,
    { dialog, package: pkg }: Subscription,
    seconds: number,
    status: 200 | 204 = 200,
  ): void {
    const { request } = tx
    const headers: HeaderEntry[] = [
      ['Expires', String(seconds)],
      ['Contact', `<${tx.contact}>`],
      ...this.#allowEvents,
      ...(pkg.service?.headers ?? []),
      // RFC 3261 §12.1.1: the route set is the other side's, too.
      ...request.headers.getRaw('Record-Route').map(routed),
    ]
    tx.respond(createResponse(request, status, undefined, { headers, toTag: dialog.localTag }))
  }

  #create(init: SubscriptionInit): Subscription {
    return new Subscription(this.#subscriptionDeps, init)
  }

  #ended(subscription: Subscription): void {
    this.#deps.table.remove(subscription)
    this.#pending.forget(subscription)
    this.#deps.keeper.forget(subscription)
    this.#deps.events.watcherStates.ended(subscription)
    subscription.package.service?.ended(subscription)
    this.#leaving.add(subscription)
    // Its last NOTIFY leaves in this turn.
    queueMicrotask(() => void subscription.settled().then(() => this.#leaving.delete(subscription)))
  }
}

function routed(value: string): [string, string] {
  return ['Record-Route', value]
}

async function hasEntity(
  subscription: Subscription,
  condition: string | undefined,
): Promise<boolean> {
  return condition !== undefined && (await subscription.has(condition))
}

/** §4.5.2: the same event and id, or it is another subscription than the one in this dialog. */
function isSame(subscription: Subscription, { event }: Demand): boolean {
  return subscription.package.event === event.package && subscription.eventId === event.id
}

function watchRegister({ table, events }: NotifierDeps, reviews: AccessReviews): WatchRegister {
  return {
    add: (watch) => table.addWatch(watch),
    remove(watch) {
      table.removeWatch(watch)
      events.watcherStates.ended(watch)
    },
    decided: (watch, before) => events.watcherStates.decided(watch, before),
    ask: (watch) => reviews.ask(watch),
  }
}

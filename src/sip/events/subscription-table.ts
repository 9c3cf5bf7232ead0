/** All live subscriptions by dialog, counted by watcher; all watches, theirs and those of lists, by resource. */
import type { BareJid } from '../../core/address.ts'
import { gauge } from '../../util/metrics.ts'
import { SipError } from '../errors.ts'
import type { EventPackage } from './event-package.ts'
import type { Subscription } from './subscription.ts'
import type { Watch } from './watch.ts'

export interface SubscriptionLimits {
  readonly total: number
  readonly perWatcher: number
}

const RETRY_AFTER_SECONDS = '60'

/** Counted here, and told when somebody asks. */
let live = 0

gauge(
  { name: 'heliograph_sip_subscriptions', help: 'Live subscriptions of SIP watchers.' },
  (subscriptions) => subscriptions.set(live),
)

export class SubscriptionTable {
  readonly #limits: SubscriptionLimits
  /** By the tag that we gave, which no two dialogs share. */
  readonly #byTag = new Map<string, Subscription>()
  /** A change concerns one package: a thousand watchers of presence are no matter of those of the watchers. */
  readonly #byPackage = new Map<EventPackage, Map<BareJid, Set<Watch>>>()
  readonly #countByWatcher = new Map<string, number>()

  constructor(limits: SubscriptionLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byTag.size
  }

  /** Throws `SipError` 503 where the server has enough, 403 where the watcher has. */
  requireRoomFor(watcher: string): void {
    if (this.#byTag.size >= this.#limits.total) {
      throw new SipError(503, undefined, [['Retry-After', RETRY_AFTER_SECONDS]])
    }
    if ((this.#countByWatcher.get(watcher) ?? 0) >= this.#limits.perWatcher) {
      throw new SipError(403, 'Too Many Subscriptions')
    }
  }

  /** By what `dialogKey` makes of its dialog. */
  get(dialogKey: string): Subscription | undefined {
    const found = this.#byTag.get(dialogKey.slice(0, dialogKey.indexOf('\n')))
    return found?.dialog.key === dialogKey ? found : undefined
  }

  of(presentity: BareJid): Watch[] {
    return [...this.#byPackage.values()].flatMap((watched) => [...(watched.get(presentity) ?? [])])
  }

  /** Do not keep the answer: it is the live one. */
  inPackage(pkg: EventPackage, presentity: BareJid): Iterable<Watch> {
    return this.#byPackage.get(pkg)?.get(presentity) ?? []
  }

  /** As `inPackage`, of all presentities. */
  *allInPackage(pkg: EventPackage): Generator<Watch> {
    for (const watches of this.#byPackage.get(pkg)?.values() ?? []) yield* watches
  }

  *watches(): Generator<Watch> {
    for (const pkg of this.#byPackage.keys()) yield* this.allInPackage(pkg)
  }

  dialogs(): Iterable<Subscription> {
    return this.#byTag.values()
  }

  /** A subscription is a watch, too. */
  add(subscription: Subscription): void {
    const { address } = subscription.watcher
    this.#byTag.set(subscription.dialog.localTag, subscription)
    this.addWatch(subscription)
    this.#countByWatcher.set(address, (this.#countByWatcher.get(address) ?? 0) + 1)
    live += 1
  }

  /** Removing what is not there does nothing. */
  remove(subscription: Subscription): void {
    const { address } = subscription.watcher
    const { localTag } = subscription.dialog
    if (this.#byTag.get(localTag) !== subscription) return
    this.#byTag.delete(localTag)
    this.removeWatch(subscription)
    const count = (this.#countByWatcher.get(address) ?? 1) - 1
    if (count === 0) this.#countByWatcher.delete(address)
    else this.#countByWatcher.set(address, count)
    live -= 1
  }

  addWatch(watch: Watch): void {
    const watched = this.#watchedIn(watch.package)
    const others = watched.get(watch.presentity)
    if (others) others.add(watch)
    else watched.set(watch.presentity, new Set([watch]))
  }

  /** Removing what is not there does nothing. */
  removeWatch(watch: Watch): void {
    const watched = this.#watchedIn(watch.package)
    const others = watched.get(watch.presentity)
    others?.delete(watch)
    if (others?.size === 0) watched.delete(watch.presentity)
  }

  #watchedIn(pkg: EventPackage): Map<BareJid, Set<Watch>> {
    let watched = this.#byPackage.get(pkg)
    if (!watched) {
      watched = new Map()
      this.#byPackage.set(pkg, watched)
    }
    return watched
  }
}

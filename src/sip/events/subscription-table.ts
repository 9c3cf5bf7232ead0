/** All live subscriptions, found by dialog and by resource, and counted by watcher. */
import type { BareJid } from '../../core/address.ts'
import { gauge } from '../../util/metrics.ts'
import { SipError } from '../errors.ts'
import type { EventPackage } from './event-package.ts'
import type { Subscription } from './subscription.ts'

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
  readonly #byPackage = new Map<EventPackage, Map<BareJid, Set<Subscription>>>()
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

  of(presentity: BareJid): Subscription[] {
    return [...this.#byPackage.values()].flatMap((watched) => [...(watched.get(presentity) ?? [])])
  }

  /** Do not keep the answer: it is the live one. */
  inPackage(pkg: EventPackage, presentity: BareJid): Iterable<Subscription> {
    return this.#byPackage.get(pkg)?.get(presentity) ?? []
  }

  all(): Iterable<Subscription> {
    return this.#byTag.values()
  }

  add(subscription: Subscription): void {
    const { presentity, watcher } = subscription.subject
    this.#byTag.set(subscription.dialog.localTag, subscription)
    const watched = this.#watchedIn(subscription.package)
    const others = watched.get(presentity)
    if (others) others.add(subscription)
    else watched.set(presentity, new Set([subscription]))
    this.#countByWatcher.set(watcher.address, (this.#countByWatcher.get(watcher.address) ?? 0) + 1)
    live += 1
  }

  /** Removing what is not there does nothing. */
  remove(subscription: Subscription): void {
    const { presentity, watcher } = subscription.subject
    const { localTag } = subscription.dialog
    if (this.#byTag.get(localTag) !== subscription) return
    this.#byTag.delete(localTag)
    const watched = this.#watchedIn(subscription.package)
    const others = watched.get(presentity)
    others?.delete(subscription)
    if (others?.size === 0) watched.delete(presentity)
    const count = (this.#countByWatcher.get(watcher.address) ?? 1) - 1
    if (count === 0) this.#countByWatcher.delete(watcher.address)
    else this.#countByWatcher.set(watcher.address, count)
    live -= 1
  }

  #watchedIn(pkg: EventPackage): Map<BareJid, Set<Subscription>> {
    let watched = this.#byPackage.get(pkg)
    if (!watched) {
      watched = new Map()
      this.#byPackage.set(pkg, watched)
    }
    return watched
  }
}

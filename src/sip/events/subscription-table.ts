/** All live subscriptions by dialog, counted by watcher; all watches, theirs and those of lists, by resource. */
import type { BareJid } from '../../core/address.ts'
import { gauge } from '../../util/metrics.ts'
import { SipError } from '../errors.ts'
import type { Peer } from '../transport/transport.ts'
import type { EventPackage } from './event-package.ts'
import { peerHostOf } from './next-hop.ts'
import type { Subscription } from './subscription.ts'
import type { Watch } from './watch.ts'

export interface SubscriptionLimits {
  readonly total: number
  readonly perWatcher: number
  /** By where their NOTIFYs go; 0 where there is no limit. */
  readonly perPeer: number
  /** The same of peers whose word is taken. */
  readonly perTrustedPeer: number
}

/** Who wants one more. */
export interface Applicant {
  readonly watcher: string
  /** As `peerHostOf` names it. */
  readonly peer: string
  readonly trusted: boolean
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
  readonly #byWatcher = new Tally()
  readonly #byPeer = new Tally()

  constructor(limits: SubscriptionLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byTag.size
  }

  get isFull(): boolean {
    return this.#byTag.size >= this.#limits.total
  }

  /** Throws `SipError` 503 where the server or the peer has enough, 403 where the watcher has. */
  requireRoomFor({ watcher, peer, trusted }: Applicant): void {
    const { perWatcher, perPeer, perTrustedPeer } = this.#limits
    const ofPeer = trusted ? perTrustedPeer : perPeer
    if (this.isFull || (ofPeer > 0 && this.#byPeer.of(peer) >= ofPeer)) {
      throw new SipError(503, undefined, [['Retry-After', RETRY_AFTER_SECONDS]])
    }
    if (this.#byWatcher.of(watcher) >= perWatcher) {
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
    this.#byTag.set(subscription.dialog.localTag, subscription)
    this.addWatch(subscription)
    this.#byWatcher.add(subscription.watcher.address)
    this.#byPeer.add(peerHostOf(subscription.peer, subscription.dialog))
    live += 1
  }

  /** Removing what is not there does nothing. */
  remove(subscription: Subscription): void {
    const { localTag } = subscription.dialog
    if (this.#byTag.get(localTag) !== subscription) return
    this.#byTag.delete(localTag)
    this.removeWatch(subscription)
    this.#byWatcher.remove(subscription.watcher.address)
    this.#byPeer.remove(peerHostOf(subscription.peer, subscription.dialog))
    live -= 1
  }

  /** Its NOTIFYs go another way from now on; `refresh` takes the new target into the dialog. */
  move(subscription: Subscription, peer: Peer | undefined, refresh: () => void): void {
    const { dialog } = subscription
    const before = peerHostOf(subscription.peer, dialog)
    refresh()
    subscription.peer = peer
    const after = peerHostOf(peer, dialog)
    if (after === before || this.#byTag.get(dialog.localTag) !== subscription) return
    this.#byPeer.remove(before)
    this.#byPeer.add(after)
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

class Tally {
  readonly #counts = new Map<string, number>()

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1)
  }

  remove(name: string): void {
    const left = this.of(name) - 1
    if (left > 0) this.#counts.set(name, left)
    else this.#counts.delete(name)
  }
}

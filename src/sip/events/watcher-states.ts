/**
 * The watches of an event package as the presentity is told of them: the state machine of
 * RFC 3857 §4.7.1. A blocked watcher, who believes himself active, is none here: his subscription
 * was rejected, as far as the presentity is concerned.
 */
import type { BareJid } from '../../core/address.ts'
import type { Access, Decision, Watcher } from '../../core/presence/access/access.ts'
import type { WatcherEvent, WatcherStatus } from '../../formats/watcherinfo.ts'
import type { Clock } from '../../util/clock.ts'
import type { EventPackage } from './event-package.ts'
import type { TerminationReason } from './notify.ts'
import type { SubscriptionTable } from './subscription-table.ts'
import type { Watch } from './watch.ts'

export interface WatcherState {
  readonly id: string
  readonly watcher: Watcher
  /** As he calls himself; he may call himself anything. */
  readonly displayName: string | undefined
  readonly status: WatcherStatus
  readonly event: WatcherEvent
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** `undefined` for one that has ended. */
  readonly expiresAt: number | undefined
}

interface Ended {
  readonly package: EventPackage
  readonly at: number
  readonly state: WatcherState
}

/** Longer than a NOTIFY that is due may have to wait for the one before it. */
const ENDED_KEPT_MS = 60_000
const MAX_ENDED = 200

export class WatcherStates {
  readonly #clock: Clock
  readonly #table: SubscriptionTable
  readonly #packages: readonly [EventPackage, ...EventPackage[]]
  readonly #ended = new Map<BareJid, Ended[]>()
  /** Those that were let in after they had waited. */
  readonly #approved = new WeakSet<Watch>()
  readonly #listeners = new Set<(presentity: BareJid) => void>()

  /** `told` are the packages that are told of; the first is meant where nobody says which. */
  constructor(
    { clock, table }: { clock: Clock; table: SubscriptionTable },
    ...told: readonly [EventPackage, ...EventPackage[]]
  ) {
    this.#clock = clock
    this.#table = table
    this.#packages = told
  }

  onChange(listener: (presentity: BareJid) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Active and pending. §4.7.2: what ends as soon as it has begun is not told of. */
  of(presentity: BareJid, pkg: EventPackage = this.#packages[0]): WatcherState[] {
    const states: WatcherState[] = []
    for (const watch of this.#table.inPackage(pkg, presentity)) {
      const status = statusOf(watch.access?.decision)
      if (!status || !this.#isTold(watch)) continue
      const event = this.#approved.has(watch) ? 'approved' : 'subscribe'
      states.push({ ...stateOf(watch), status, event, expiresAt: watch.expiresAt })
    }
    return states
  }

  /** Those that have ended after `since` (milliseconds since the epoch), and not long ago. */
  endedSince(
    presentity: BareJid,
    since: number,
    pkg: EventPackage = this.#packages[0],
  ): WatcherState[] {
    const ended = this.#ended.get(presentity) ?? []
    return ended.filter((one) => one.at > since && one.package === pkg).map(({ state }) => state)
  }

  /** To be called after each decision about a watch; `before` is the one that held. */
  decided(watch: Watch, before: Access | undefined): void {
    if (!this.#isTold(watch)) return
    const was = statusOf(before?.decision)
    const is = statusOf(watch.access?.decision)
    if (was === is) return
    if (is === 'active' && was === 'pending') this.#approved.add(watch)
    else this.#approved.delete(watch)
    if (!is) this.#remember(watch, 'rejected')
    this.#tell(watch)
  }

  /** To be called when a watch has ended. */
  ended(watch: Watch): void {
    const was = statusOf(watch.access?.decision)
    if (!was || !this.#isTold(watch)) return
    const { reason } = watch
    // §4.7.1: a request that nobody has answered goes on waiting.
    if (was === 'active' || reason !== 'timeout') this.#remember(watch, eventOf(reason))
    this.#tell(watch)
  }

  #isTold({ package: pkg, expiresAt, createdAt }: Watch): boolean {
    return this.#packages.includes(pkg) && expiresAt > createdAt
  }

  #remember(watch: Watch, event: WatcherEvent): void {
    const { presentity } = watch.subject
    const at = this.#clock.now()
    const known = (this.#ended.get(presentity) ?? []).filter((one) => one.at > at - ENDED_KEPT_MS)
    const state = { ...stateOf(watch), status: 'terminated', event } as const
    if (!this.#ended.has(presentity)) this.#forgetLater(presentity)
    const ended = { at, state, package: watch.package }
    this.#ended.set(presentity, [...known, ended].slice(-MAX_ENDED))
  }

  #forgetLater(presentity: BareJid): void {
    this.#clock.after(ENDED_KEPT_MS, () => this.#forget(presentity))
  }

  #forget(presentity: BareJid): void {
    const oldest = this.#clock.now() - ENDED_KEPT_MS
    const kept = (this.#ended.get(presentity) ?? []).filter(({ at }) => at > oldest)
    this.#ended.delete(presentity)
    if (kept.length === 0) return
    this.#ended.set(presentity, kept)
    this.#forgetLater(presentity)
  }

  #tell({ presentity }: Watch): void {
    for (const listener of this.#listeners) listener(presentity)
  }
}

function statusOf(decision: Decision | undefined): 'active' | 'pending' | undefined {
  if (decision === 'allow') return 'active'
  return decision === 'confirm' ? 'pending' : undefined
}

function stateOf({ id, watcher, displayName, createdAt }: Watch) {
  return { id, watcher, displayName, createdAt, expiresAt: undefined }
}

/** RFC 3858 §6 has no `invariant`. */
function eventOf(reason: TerminationReason): WatcherEvent {
  return reason === 'invariant' ? 'deactivated' : reason
}

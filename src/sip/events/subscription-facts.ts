/** What stands still in a subscription, or changes with a refresh only. */
import type { BareJid } from '../../core/address.ts'
import type { Watcher } from '../../core/presence/access/access.ts'
import type { Dialog } from '../dialog/dialog.ts'
import { parseNameAddr } from '../message/values.ts'
import type { Peer } from '../transport/transport.ts'
import { type Asked, adoptRates } from './asked.ts'
import type { EventPackage, Subject } from './event-package.ts'
import type { Expiring } from './expiries.ts'
import type { SubscriptionStatus } from './notify.ts'
import { StandingAccess } from './standing-access.ts'
import type { SubscriptionDeps, SubscriptionInit } from './subscription-deps.ts'

/** A part of the subscription, and not an object beside it: there are many. */
export abstract class SubscriptionFacts extends StandingAccess implements Expiring, Subject {
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
  /** Of the keeper: what is on disk; no number where nothing is. */
  storedCseq: number | undefined
  storedStatus: SubscriptionStatus

  protected readonly deps: SubscriptionDeps
  #asked: Asked | undefined
  /** Seconds: a number of milliseconds would be an object of its own. */
  readonly #created: number
  #expires: number

  constructor(deps: SubscriptionDeps, init: SubscriptionInit) {
    super()
    this.deps = deps
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
    this.peer = init.peer
    this.#expires = Math.ceil(init.expiresAt / 1000)
    this.storedCseq = init.stored && init.dialog.localCseq
    this.storedStatus = init.stored ?? 'active'
    if (init.asked) this.asked = init.asked
    // A fetch ends when it is answered.
    if (init.expiresAt > init.createdAt) deps.expiries.add(this)
  }

  abstract expired(): void

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

  get target(): string {
    return this.dialog.remoteTarget
  }

  get displayName(): string | undefined {
    return parseNameAddr(this.dialog.remoteParty)?.displayName
  }

  get asked(): Asked | undefined {
    return this.#asked
  }

  /** Rates are adopted as the package and the time that is left allow. */
  set asked(asked: Asked | undefined) {
    const { clock } = this.deps
    const now = clock.now()
    const limits = { intervalMs: this.intervalMs, restMs: this.expiresAt - now, now }
    this.#asked = asked && adoptRates(asked, limits, this.#asked?.rates)
  }

  /** The watcher asked for so many more seconds (RFC 6665 §4.2.1.3). */
  extend(expiresAt: number): void {
    this.deps.expiries.remove(this)
    this.#expires = Math.ceil(expiresAt / 1000)
    this.deps.expiries.add(this)
    if (this.#asked?.rates) this.asked = this.#asked
  }

  /** What has to pass between two NOTIFYs that tell of changes, milliseconds. */
  protected get intervalMs(): number {
    return this.deps.pacing.intervalMs ?? this.package.minNotifyIntervalMs
  }
}

/**
 * Who serves a SUBSCRIBE that is not about one resource (a list, RFC 4662): services are asked in
 * order, and what none of them claims is the package's own.
 */
import type { BareJid } from '../../core/address.ts'
import type { Access, Watcher } from '../../core/presence/access/access.ts'
import type { SipRequest } from '../message/message.ts'
import type { Asked } from './asked.ts'
import type { EventPackage, ServedPackage } from './event-package.ts'
import type { Subscription } from './subscription.ts'
import type { Watch } from './watch.ts'

export interface SubscribeService {
  /** Kept with its subscriptions. */
  readonly name: string
  /** Asked before any other check but who asks and for which package. `undefined`: somebody else's. Throws `SipError`. */
  claim(wanted: Wanted, request: SipRequest): Promise<Served | undefined>
  /** The same after a restart. `undefined`: the resource is there no more. */
  restore(wanted: Wanted): Promise<Served | undefined>
}

/** What a SUBSCRIBE is about, as it says itself. */
export interface Wanted {
  /** That of the Event header. */
  readonly package: EventPackage
  /** The AOR in the request-URI. */
  readonly entity: string
  readonly watcher: Watcher
  readonly asked: Asked | undefined
}

export interface Served {
  /** Its `event` is that of the package that was asked for. Accept is held against its `contentTypes`. */
  readonly package: EventPackage & { readonly service: ServedPackage }
  /** Whose resource it is: with him it goes. */
  readonly presentity: BareJid
  /** The subscription is in the table, and nothing else is decided of it. Its watches are to be added now. */
  begin(subscription: Subscription, watches: WatchRegister): void
}

/** Where the watches of a service are known, so that changes, rules and requests find them. */
export interface WatchRegister {
  add(watch: Watch): void
  /** To be called with its `access` and `reason` as they were at its end. */
  remove(watch: Watch): void
  /** To be called after each decision; `before` is the one that held. */
  decided(watch: Watch, before: Access | undefined): void
  /** Puts it to the presentity where the rules want his word. Never rejects. */
  ask(watch: Watch): Promise<void>
}

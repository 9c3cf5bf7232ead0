/**
 * What an event package has to say about itself (RFC 6665 §5.4): one record for each package,
 * from which the notifier and the compositor take all that differs between packages.
 */
import type { BareJid } from '../../core/address.ts'
import type { Access, Visibility, Watcher } from '../../core/presence/access/access.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import type { Subscriptions } from '../../core/presence/subscriptions.ts'
import type { Watchers } from '../../core/presence/watchers.ts'
import type { Clock } from '../../util/clock.ts'
import type { IdentityDirectory } from '../auth/identity.ts'
import type { HeaderEntry } from '../message/message.ts'
import type { Asked } from './asked.ts'
import type { TerminationReason } from './notify.ts'
import type { PackageStates } from './package-states.ts'
import type { SubscribeBody } from './subscribe-body.ts'
import type { Subscription } from './subscription.ts'
import type { WatcherStates } from './watcher-states.ts'
import type { XcapDiffSource } from './xcap-diff.ts'

/** Seconds. `default` holds where a request has no Expires. */
export interface ExpiresBounds {
  readonly min: number
  readonly default: number
  readonly max: number
}

/** What packages may use of the server. */
export interface EventDeps extends PackageStates {
  readonly clock: Clock
  readonly presence: PresenceService
  readonly access: AccessControl
  readonly subscriptions: Pick<Subscriptions, 'ask' | 'waiting' | 'addAudience'>
  /** By all protocols. */
  readonly watchers: Pick<Watchers, 'watched'>
  /** Of the `presence` package. */
  readonly watcherStates: WatcherStates
  readonly people: People
  /** Without it nobody keeps XCAP documents. */
  readonly xcapDiffs?: XcapDiffSource | undefined
}

/** What packages ask of the directory. */
export interface People extends Pick<IdentityDirectory, 'resolve'> {
  isLocal(domain: string): boolean
  user(account: BareJid): Promise<{ readonly name: string } | undefined>
  primaryUri(account: BareJid, protocol: 'sip'): Promise<string | undefined>
}

/** One watcher's interest in one resource. */
export interface Subject {
  readonly presentity: BareJid
  readonly watcher: Watcher
  /** The URI that the watcher asked for, which his documents speak of. */
  readonly entity: string
  /** What he asked for besides; `undefined` where it is nothing. */
  readonly asked?: Asked | undefined
  /** URI that his NOTIFYs go to, where they go to him alone. */
  readonly target?: string | undefined
}

/** What a NOTIFY is rendered for, besides its subject. */
export interface Viewing {
  readonly contentType: string
  /** What the watcher may see at this moment. */
  readonly visible: Visibility
  /** From 0, one more in each NOTIFY of the subscription; a restart leaves some out. */
  readonly version: number
  /** When the NOTIFY before this one was made, in milliseconds since the epoch; 0 where there was none. */
  readonly since: number
  /**
   * What the watcher has taken: a package may tell the difference to it. `undefined`: tell all; so in
   * the first NOTIFY, in the one after each SUBSCRIBE, and in the one after a failure.
   */
  readonly known: State | undefined
}

/** Equal for equal states, however much else the bodies differ. */
export type State = Buffer | string | ComparedState

export interface ComparedState {
  equals(other: State): boolean
  /** The same for equal states, and for no others: its entity-tag is made of it (RFC 5839 §6.1). */
  readonly tag?: string
}

export interface Rendered {
  /** Without one, the NOTIFY has no Content-Type. */
  readonly body: Buffer
  readonly state: State
  /** Instead of the one that was negotiated, with its parameters. */
  readonly contentType?: string
  /** Of the NOTIFY, besides the notifier's own: `Require: eventlist`. */
  readonly headers?: readonly HeaderEntry[]
  /** This is not all: what is left follows as soon as it is answered. */
  readonly more?: boolean
  /** There will never be more to tell: this NOTIFY is the last (RFC 6665 §4.1.3). Not where it is a promise. */
  readonly ends?: TerminationReason
}

/** One publication of one source (RFC 3903 §4.1). */
export interface PublishedState {
  /** Stays the same while its entity-tag changes with each modification. */
  readonly id: string
  readonly presentity: BareJid
  /** Of `contentTypes`, lower case without parameters. */
  readonly contentType: string
  readonly body: Buffer
  /** Milliseconds since the epoch. */
  readonly publishedAt: number
  readonly expiresAt: number
}

/** What a PUBLISH brings. */
export type NewState = Pick<PublishedState, 'contentType' | 'body'>

/** How a package takes publications (RFC 3903 §10). */
export interface PublicationSupport {
  readonly contentTypes: readonly string[]
  /** It is the user's word about his presence: while there is one, his registrations say nothing of it. */
  readonly isPresence?: true
  /**
   * What is published from now on, where a modification says only what is different. Throws `SipError` 400.
   * Without it, a modification replaces everything.
   */
  merge?(before: PublishedState, published: NewState): NewState
  /**
   * Reads the body; the answer, called once the publication is stored, reports it to the core.
   * Throws `SipError` 400 where the body is not what it claims to be.
   */
  prepare(deps: EventDeps, state: PublishedState): () => void
  withdraw(deps: EventDeps, state: PublishedState): void
  /** The connection that it came by is gone; the publisher may come back by another. */
  lost?(deps: EventDeps, state: PublishedState): void
}

export interface EventPackage {
  /** The token of the Event header. */
  readonly event: string
  readonly specs: readonly string[]
  /** The first is sent to a watcher that accepts anything or says nothing. */
  readonly contentTypes: readonly [string, ...string[]]
  readonly expires: ExpiresBounds
  /** No more than one NOTIFY to a watcher in this time, final ones excepted. */
  readonly minNotifyIntervalMs: number
  /**
   * What this watcher may see: he is active, pending, or blocked so that he cannot tell it from an
   * offline person. Asked at each SUBSCRIBE that begins a subscription, after a restart, and whenever
   * the access rules change. Throws `SipError` 403 where he may not even ask.
   */
  authorize(deps: EventDeps, subject: Subject): Access | Promise<Access>
  /**
   * The body of a NOTIFY. Watchers who see the same should get the same object: fan-out then costs
   * neither rendering nor comparing. A promise only where `visible` plays no part: what it answers
   * is not rendered again when the decision changes meanwhile.
   */
  render(deps: EventDeps, subject: Subject, viewing: Viewing): Rendered | Promise<Rendered>
  /** Calls `changed` whenever the state of a resource, or of any, may look different to a watcher. */
  watch(deps: EventDeps, changed: (presentity: BareJid | undefined) => void): Disposable
  /** The bodies that a SUBSCRIBE may have; others get 415. `Subject.asked` has them. */
  readonly bodies?: readonly SubscribeBody<unknown>[]
  /** Where more belongs to a subscription than one dialog about one resource. */
  readonly service?: ServedPackage
  readonly publication?: PublicationSupport
}

// biome-ignore lint/suspicious/noConfusingVoidType: most have nothing to say
export type Refreshed = 'changes' | void

/** A package that a `SubscribeService` answers with. */
export interface ServedPackage {
  /** Of the service that takes the subscription up again after a restart. */
  readonly name: string
  /** Of the 200 to a SUBSCRIBE, besides the notifier's own. */
  readonly headers?: readonly HeaderEntry[]
  /**
   * A refresh came, and `asked` is what it asks for. Throws `SipError` where that cannot be: all stays as it was.
   * `changes`: the watcher is told what has changed by it, and not all.
   */
  refreshed(subscription: Subscription): Refreshed | Promise<Refreshed>
  /** Called once, before the last NOTIFY is rendered. */
  ended(subscription: Subscription): void
}

/** What somebody published for it to be done, and not to be kept. */
export interface Command {
  readonly presentity: BareJid
  /** Of `contentTypes`, lower case without parameters. */
  readonly contentType: string
  readonly body: Buffer
}

/**
 * A package whose publications are commands: done when they arrive, not stored, not done again,
 * and not undone when they expire or are removed. Nobody subscribes to it.
 */
export interface CommandPackage {
  readonly event: string
  readonly specs: readonly string[]
  readonly contentTypes: readonly string[]
  /** Resolves when it is done and stored. Rejects with `SipError` where it cannot be, and nothing is done then. */
  perform(deps: EventDeps, command: Command): Promise<void>
}

export function defineCommandPackage(definition: CommandPackage): CommandPackage {
  return Object.freeze(definition)
}

/** Checks a package at load time, where a slip would otherwise show only in some watcher's NOTIFY. */
export function defineEventPackage<P extends EventPackage>(definition: P): P {
  const { min, default: preset, max } = definition.expires
  if (!(min <= preset && preset <= max)) throw new RangeError(`${definition.event}: bad expires`)
  return Object.freeze(definition)
}

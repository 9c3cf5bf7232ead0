/**
 * What an event package has to say about itself (RFC 6665 §5.4): one record for each package,
 * from which the notifier and the compositor take all that differs between packages.
 */
import type { BareJid } from '../../core/address.ts'
import type { Decision, Watcher } from '../../core/presence/access/access.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import type { PresenceService } from '../../core/presence/presence.ts'

/** Seconds. `default` holds where a request has no Expires. */
export interface ExpiresBounds {
  readonly min: number
  readonly default: number
  readonly max: number
}

/** What packages may use of the server. */
export interface EventDeps {
  readonly presence: PresenceService
  readonly access: AccessControl
}

/** One watcher's interest in one resource. */
export interface Subject {
  readonly presentity: BareJid
  readonly watcher: Watcher
  /** The URI that the watcher asked for, which his documents speak of. */
  readonly entity: string
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

/** How a package takes publications (RFC 3903 §10). */
export interface PublicationSupport {
  readonly contentTypes: readonly string[]
  /**
   * Reads the body; the answer, called once the publication is stored, reports it to the core.
   * Throws `SipError` 400 where the body is not what it claims to be.
   */
  prepare(deps: EventDeps, state: PublishedState): () => void
  withdraw(deps: EventDeps, state: PublishedState): void
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
  /** May this watcher subscribe: active, pending, or a block that he cannot tell from an offline person. */
  authorize(deps: EventDeps, subject: Subject): Decision
  /**
   * The body of a NOTIFY; equal bodies are the same state. Watchers who see the same should get
   * the same buffer: fan-out then costs neither rendering nor comparing.
   */
  render(deps: EventDeps, subject: Subject, contentType: string): Buffer
  /** Calls `changed` whenever the state of a resource may look different to a watcher. */
  watch(deps: EventDeps, changed: (presentity: BareJid) => void): Disposable
  readonly publication?: PublicationSupport
}

/** Checks a package at load time, where a slip would otherwise show only in some watcher's NOTIFY. */
export function defineEventPackage<P extends EventPackage>(definition: P): P {
  const { min, default: preset, max } = definition.expires
  if (!(min <= preset && preset <= max)) throw new RangeError(`${definition.event}: bad expires`)
  return Object.freeze(definition)
}

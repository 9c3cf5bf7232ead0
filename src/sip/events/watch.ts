/**
 * One watcher's interest in one presentity: what the access rules decide about, and what
 * a presentity is told of. A subscription to one resource is one; a list has one for each member.
 */
import type { BareJid } from '../../core/address.ts'
import type { Access, Watcher } from '../../core/presence/access/access.ts'
import type { EventPackage, Subject } from './event-package.ts'
import type { SubscriptionStatus, TerminationReason } from './notify.ts'

export interface Watch {
  readonly id: string
  readonly package: EventPackage
  readonly presentity: BareJid
  readonly watcher: Watcher
  readonly subject: Subject
  /** As it was last decided; `undefined` before the first time. */
  readonly access: Access | undefined
  readonly status: SubscriptionStatus
  /** Of a terminated one. */
  readonly reason: TerminationReason
  /** Milliseconds since the epoch; the same where it is a fetch. */
  readonly createdAt: number
  readonly expiresAt: number
  /** As the watcher calls himself; he may call himself anything. */
  readonly displayName: string | undefined
  /** The presentity may look different now. */
  changed(): void
  /** The rules have changed, and with them perhaps what the watcher may see: nothing leaves until `reconsider`. */
  doubt(): void
  /** Asks again what the watcher may see. Never rejects. */
  reconsider(): Promise<void>
  /** Terminating twice does nothing. */
  terminate(reason: TerminationReason): void
}

/** What a subscription is made of, and what it stands on. */
import type { Access } from '../../core/presence/access/access.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { Dialog } from '../dialog/dialog.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import type { Peer } from '../transport/transport.ts'
import type { Asked } from './asked.ts'
import type { EventDeps, EventPackage, Subject } from './event-package.ts'
import type { Expiries } from './expiries.ts'
import type { SubscriptionStatus } from './notify.ts'
import type { Subscription } from './subscription.ts'

export interface SubscriptionDeps {
  readonly clock: Clock
  readonly log: Log
  readonly events: EventDeps
  readonly pacing: NotifyPacing
  readonly expiries: Expiries
  /** `answered` is called once, with the final response, perhaps before this returns. */
  send(request: SipRequest, to: Peer | undefined, answered: (response: SipResponse) => void): void
  /** Called after each NOTIFY was sent. */
  notified(subscription: Subscription): void
  /** Called after the watcher has changed what he asks for with the answer to a NOTIFY. */
  modified(subscription: Subscription): void
  /** Called after it became known what the watcher may see; `before` is what held, if anything did. */
  decided(subscription: Subscription, before: Access | undefined): void
  /** Called once, as soon as a subscription is terminated: before its last NOTIFY is answered. */
  ended(subscription: Subscription): void
}

export interface NotifyPacing {
  /** Overrides the package's own interval. */
  readonly intervalMs: number | undefined
  /** Consecutive NOTIFYs without a usable answer that end a subscription. */
  readonly maxFailures: number
}

export interface SubscriptionInit {
  readonly id: string
  readonly package: EventPackage
  /** The `id` parameter of the Event header (RFC 6665 §4.5.2). */
  readonly eventId: string | undefined
  readonly subject: Subject
  readonly contentType: string
  readonly asked: Asked | undefined
  readonly createdAt: number
  readonly dialog: Dialog
  /** Our Contact in this dialog. */
  readonly contact: string
  /** Where NOTIFYs go; `undefined`: where the dialog's route set or remote target points. */
  readonly peer: Peer | undefined
  readonly expiresAt: number
  /** As it is on disk; `undefined` where it is not there. */
  readonly stored?: SubscriptionStatus
}

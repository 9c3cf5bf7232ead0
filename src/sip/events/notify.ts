/** The NOTIFY requests of a subscription (RFC 6665 §4.2.2). */
import type { Access } from '../../core/presence/access/access.ts'
import type { Dialog } from '../dialog/dialog.ts'
import type { SipRequest } from '../message/message.ts'
import type { EventPackage, Rendered } from './event-package.ts'

/** RFC 6665 §4.1.3. */
export type SubscriptionStatus = 'active' | 'pending' | 'terminated'

/** RFC 6665 §4.1.3. */
export type TerminationReason =
  | 'deactivated'
  | 'probation'
  | 'rejected'
  | 'timeout'
  | 'giveup'
  | 'noresource'
  | 'invariant'

/** What a NOTIFY says, and on whose word. */
export interface Draft {
  /** When it was rendered, in milliseconds since the epoch. */
  readonly at: number
  readonly status: SubscriptionStatus
  readonly access: Access | undefined
  readonly rendered: Rendered
}

interface Notifying {
  readonly package: EventPackage
  readonly eventId: string | undefined
  readonly dialog: Dialog
  readonly contact: string
  readonly contentType: string
}

export function createNotify(subscription: Notifying): SipRequest {
  const { package: pkg, eventId, dialog, contact, contentType } = subscription
  const request = dialog.createRequest('NOTIFY')
  const event = eventId === undefined ? pkg.event : `${pkg.event};id=${eventId}`
  request.headers.append('Event', event)
  request.headers.append('Contact', `<${contact}>`)
  request.headers.append('Content-Type', contentType)
  return request
}

/** Of a subscription that ends in `restMs` unless it is refreshed, or that has ended for `reason`. */
export function subscriptionState(
  status: SubscriptionStatus,
  { restMs, reason }: { restMs: number; reason: TerminationReason },
): string {
  if (status === 'terminated') return `terminated;reason=${reason}`
  return `${status};expires=${Math.max(0, Math.floor(restMs / 1000))}`
}

export function isSameState(a: Rendered['state'], b: Rendered['state']): boolean {
  if (a === b) return true
  return typeof a !== 'string' && typeof b !== 'string' && a.equals(b)
}

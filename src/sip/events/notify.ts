/** The NOTIFY requests of a subscription (RFC 6665 §4.2.2). */
import { randomInt } from 'node:crypto'
import type { Access } from '../../core/presence/access/access.ts'
import type { Dialog } from '../dialog/dialog.ts'
import type { SipRequest } from '../message/message.ts'
import type { EventPackage, Rendered, State } from './event-package.ts'

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
  /** Of `Viewing`: the same however often it is rendered before it leaves. */
  readonly version: number
  readonly rendered: Rendered
}

const NO_BODY = Buffer.alloc(0)

/** Where there is nothing to tell, or nobody knows what. */
export const NOTHING_TO_TELL: Rendered = { body: NO_BODY, state: '' }

interface Notifying {
  readonly package: EventPackage
  readonly eventId: string | undefined
  readonly dialog: Dialog
  readonly contact: string
}

export function createNotify(subscription: Notifying): SipRequest {
  const { package: pkg, eventId, dialog, contact } = subscription
  const request = dialog.createRequest('NOTIFY')
  const event = eventId === undefined ? pkg.event : `${pkg.event};id=${eventId}`
  request.headers.append('Event', event)
  request.headers.append('Contact', `<${contact}>`)
  return request
}

/** Seconds, drawn from these so that not all come back at once (§4.1.3: after these reasons alone). */
const RETRY_AFTER: Partial<Record<TerminationReason, readonly [number, number]>> = {
  probation: [60, 180],
  giveup: [3_600, 3_900],
}

/** Of a subscription that ends in `restMs` unless it is refreshed, or that has ended for `reason`. */
export function subscriptionState(
  status: SubscriptionStatus,
  { restMs, reason }: { restMs: number; reason: TerminationReason },
): string {
  if (status !== 'terminated') return `${status};expires=${Math.max(0, Math.floor(restMs / 1000))}`
  const range = RETRY_AFTER[reason]
  const retryAfter = range ? `;retry-after=${randomInt(...range)}` : ''
  return `terminated;reason=${reason}${retryAfter}`
}

/** Puts in what was rendered; `contentType` is the negotiated one. What is put in again replaces it. */
export function fillIn(request: SipRequest, rendered: Rendered, contentType: string): void {
  const { headers } = request
  if (rendered.body.length > 0) headers.set('Content-Type', rendered.contentType ?? contentType)
  else headers.remove('Content-Type')
  for (const [name, value] of rendered.headers ?? []) headers.set(name, value)
  request.body = rendered.body
}

/** RFC 5839 §6.2. */
export function omitBody(request: SipRequest): void {
  request.headers.remove('Content-Type')
  request.body = NO_BODY
}

export function isSameState(a: State, b: State): boolean {
  if (a === b) return true
  if (typeof a === 'string' || typeof b === 'string') return false
  if (Buffer.isBuffer(a)) return Buffer.isBuffer(b) && a.equals(b)
  return !Buffer.isBuffer(b) && a.equals(b)
}

/** What a SUBSCRIBE says of itself, and the checks on it that need no subscription (RFC 6665 §4.2.1.1). */
import type { Watcher } from '../../core/presence/access/access.ts'
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { type EventValue, parseEvent } from '../message/values.ts'
import type { ServerTransaction } from '../user-agent.ts'
import { type Asked, mergeBodies, parseAsked, requireReadable } from './asked.ts'
import type { EventPackage, ExpiresBounds } from './event-package.ts'
import { allowEvents, grantExpires, negotiate } from './headers.ts'

/** Who asks, and for which package. */
export interface Demand {
  readonly tx: ServerTransaction
  readonly watcher: Watcher
  readonly event: EventValue
  readonly package: EventPackage
}

export interface Terms {
  readonly contentType: string
  readonly asked: Asked | undefined
  readonly seconds: number
}

/** Throws `SipError` 489. */
export function requirePackage(
  { headers }: SipRequest,
  packages: readonly EventPackage[],
): { event: EventValue; package: EventPackage } {
  const event = parseEvent(headers.get('Event') ?? '')
  const pkg = packages.find((candidate) => candidate.event === event?.package)
  if (!event || !pkg) throw new SipError(489, undefined, allowEvents(packages))
  return { event, package: pkg }
}

/**
 * As `pkg`, who serves it, takes them; of a refresh, `before` is what was asked for until now.
 * Throws `SipError` 415, 406 or 423, and 400 for what is malformed.
 */
export function requireTerms(
  { tx, event }: Demand,
  pkg: EventPackage,
  { expires, before }: { expires: ExpiresBounds; before?: Asked | undefined },
): Terms {
  const { request } = tx
  const own = parseAsked(request, event, before)
  requireReadable(own, pkg.bodies)
  const asked = mergeBodies(own, before, pkg.bodies)
  const contentType = negotiate(request, pkg.contentTypes)
  if (contentType === undefined) throw new SipError(406)
  return { contentType, asked, seconds: grantExpires(request, boundsFor(pkg, expires)) }
}

const USUAL_SECONDS = 3600

/** Who asks for no time gets what the package's RFC says, where that is not what all the others say (RFC 3680 §4.4). */
function boundsFor({ expires: own }: EventPackage, bounds: ExpiresBounds): ExpiresBounds {
  if (own.default === USUAL_SECONDS) return bounds
  return { ...bounds, default: Math.min(Math.max(own.default, bounds.min), bounds.max) }
}

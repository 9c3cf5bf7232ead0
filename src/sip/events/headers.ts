/** What event requests ask for in their headers, and the refusals that follow from it. */
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { parseAccept, parseExpires, parseMediaType, qualityOf } from '../message/values.ts'
import type { EventPackage, ExpiresBounds } from './event-package.ts'

/** For a 489 (RFC 6665 §8.2.2). */
export function allowEvents(packages: readonly Pick<EventPackage, 'event'>[]): [string, string][] {
  return [['Allow-Events', packages.map(({ event }) => event).join(', ')]]
}

/**
 * Seconds granted: 0 stays 0, more than the maximum becomes the maximum.
 * Throws `SipError` 423 for less than the minimum, 400 for what is not a number.
 */
export function grantExpires(request: SipRequest, bounds: ExpiresBounds): number {
  const value = request.headers.get('Expires')
  if (value === undefined) return bounds.default
  const seconds = parseExpires(value)
  if (seconds === undefined) throw new SipError(400, 'Bad Expires')
  return boundExpires(seconds, bounds)
}

/** RFC 6665 §4.2.1.1, RFC 3903 §6, RFC 3261 §10.3: one who asks for an hour is never told that it is too brief. */
export function boundExpires(seconds: number, { min, max }: ExpiresBounds): number {
  if (seconds > 0 && seconds < min && seconds < 3600) {
    throw new SipError(423, undefined, [['Min-Expires', String(min)]])
  }
  return Math.min(seconds, max)
}

/** `type/subtype` in lower case, without parameters. */
export function mediaTypeOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : parseMediaType(header)?.type
}

/**
 * Of `offered` what the request accepts best (RFC 3261 §20.1); of several as good, one that it names
 * and that is not the usual one: who names it wants it (RFC 5263 §4.3).
 * Without Accept the first of all (RFC 6665 §3.1.3); `undefined`: 406, as for an empty one.
 */
export function negotiate(request: SipRequest, offered: readonly string[]): string | undefined {
  if (!request.headers.has('Accept')) return offered[0]
  const ranges = parseAccept(request.headers.getAll('Accept'))
  let best: { type: string; q: number } | undefined
  for (const type of offered) {
    const q = qualityOf(ranges, type)
    const isNamed = ranges.some((range) => range.type === type)
    if (q > (best?.q ?? 0) || (isNamed && q === best?.q)) best = { type, q }
  }
  return best?.type
}

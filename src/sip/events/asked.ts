/**
 * What a SUBSCRIBE asks for besides documents and time: parameters of its Event header (rates,
 * RFC 6446), a condition (RFC 5839), and bodies (filters, RFC 4660; lists, RFC 5367). Most ask for
 * nothing, and have no such object.
 */
import { ownString } from '../../util/own-string.ts'
import { SipError } from '../errors.ts'
import { unpacked } from '../message/content-encoding.ts'
import { NO_PARAMS } from '../message/grammar.ts'
import type { SipRequest } from '../message/message.ts'
import { parseMultipart } from '../message/multipart.ts'
import {
  type EventValue,
  type MediaType,
  type Params,
  parseMediaType,
  parseTokenValue,
} from '../message/values.ts'
import { ANY_ENTITY, conditionOf } from './entity-tag.ts'
import { parseRates, RATES, RateControl, type RateLimits, requireRates } from './rates.ts'
import type { SubscribeBody } from './subscribe-body.ts'

export interface Asked {
  /** Of the Event header, names in lower case, without `id`. A refresh replaces them (RFC 6446 §6.1). */
  readonly params: Params
  /** A refresh without bodies leaves them as they are (RFC 4660 §3.3.3). */
  readonly bodies: readonly AskedBody[]
  /** The condition of the latest SUBSCRIBE (RFC 5839 §5.2), as long as it is true. */
  readonly suppress?: string | undefined
  /** As `params` asks for them, and as they were adopted. */
  readonly rates?: RateControl | undefined
}

export interface AskedBody {
  /** `type/subtype` in lower case, without parameters. */
  readonly contentType: string
  /** In lower case; `undefined` where there is no Content-Disposition. */
  readonly disposition: string | undefined
  readonly content: Buffer
}

/** As JSON, for whoever must survive a restart. */
export interface AskedSnapshot {
  readonly params: readonly (readonly [string, string])[]
  readonly suppress?: string | undefined
  readonly bodies: readonly {
    readonly contentType: string
    readonly disposition?: string | undefined
    /** Base64. */
    readonly content: string
  }[]
}

/** Of a refresh, `before` is what held. Throws `SipError` 415 for a body that does not say what it is, 400 for what is malformed. */
export function parseAsked(
  request: SipRequest,
  event: EventValue,
  before?: Asked | undefined,
): Asked | undefined {
  const params = new Map<string, string>()
  for (const [name, value] of event.params) {
    if (name !== 'id') params.set(ownString(name), ownString(value))
  }
  requireRates(params)
  const own = bodiesOf(request)
  const suppress = conditionOf(request.headers)
  return simplify({
    params,
    bodies: own.length > 0 ? own : (before?.bodies ?? []),
    suppress: suppress && ownString(suppress),
  })
}

/** With the rates that hold from now on; `before` are those that held. */
export function adoptRates(
  asked: Asked,
  limits: RateLimits,
  before: RateControl | undefined,
): Asked {
  const wishes = parseRates(asked.params)
  if (!wishes && !asked.rates) return asked
  return { ...asked, rates: wishes && new RateControl(wishes, limits, before) }
}

/** The same with other rates (RFC 6446 §9.3). */
export function withRates(asked: Asked | undefined, rates: Params): Asked | undefined {
  const params = new Map(asked?.params)
  for (const name of RATES) {
    const value = rates.get(name)
    if (value === undefined) params.delete(name)
    else params.set(name, ownString(value))
  }
  return simplify({ bodies: [], ...asked, params })
}

/** The same under another condition, or none. */
export function onCondition(
  asked: Asked | undefined,
  suppress: string | undefined,
): Asked | undefined {
  if (asked?.suppress === suppress) return asked
  return simplify({ params: NO_PARAMS, bodies: [], ...asked, suppress })
}

function simplify(asked: Asked): Asked | undefined {
  const { params, bodies, suppress } = asked
  return params.size === 0 && bodies.length === 0 && suppress === undefined ? undefined : asked
}

/** RFC 4660 §5.2.2: some bodies of a refresh change what was asked for before. Throws as `requireReadable` does. */
export function mergeBodies(
  asked: Asked | undefined,
  before: Asked | undefined,
  taken: readonly SubscribeBody<unknown>[] = [],
): Asked | undefined {
  if (!asked || !before || asked.bodies === before.bodies) return asked
  const bodies = taken.reduce((now, one) => one.merged(before.bodies, now), asked.bodies)
  const merged = { ...asked, bodies }
  requireReadable(merged, taken)
  return merged
}

/** RFC 3261 §8.2.3: what would be ignored is refused. Throws `SipError` 415, 400 where a body is malformed. */
export function requireReadable(
  asked: Asked | undefined,
  taken: readonly SubscribeBody<unknown>[] = [],
): void {
  for (const body of asked?.bodies ?? []) {
    const reader = taken.find((one) => one.matches(body))
    if (!reader) throw notTaken(taken)
    reader.read(body)
  }
}

export function snapshotOf({ params, bodies, suppress }: Asked): AskedSnapshot {
  return {
    params: [...params],
    // An entity-tag is compared with what the watcher has, and who starts anew does not know that.
    suppress: suppress === ANY_ENTITY ? suppress : undefined,
    bodies: bodies.map((body) => ({ ...body, content: body.content.toString('base64') })),
  }
}

/** Written by `snapshotOf`. */
export function restoreAsked({ params, bodies, suppress }: AskedSnapshot): Asked {
  return {
    params: new Map(params),
    suppress,
    bodies: bodies.map(({ contentType, disposition, content }) => ({
      contentType,
      disposition,
      content: Buffer.from(content, 'base64'),
    })),
  }
}

/** A filter and a list may come together, as parts of one body (RFC 4660 §3.4, RFC 5367 §3.1). */
const MULTIPART_MIXED = 'multipart/mixed'
const MAX_BODIES = 8

function bodiesOf({ headers, body }: SipRequest): AskedBody[] {
  if (body.length === 0) return []
  const disposition = headers.get('Content-Disposition')
  if (isOptional(disposition)) return []
  const type = parseMediaType(headers.get('Content-Type') ?? '')
  if (type === undefined) throw notTaken([])
  const content = unpacked(headers, body)
  return type.type === MULTIPART_MIXED
    ? partsOf(type, content)
    : [askedBody(type, disposition, content)]
}

function partsOf(type: MediaType, content: Buffer): AskedBody[] {
  const parts = parseMultipart(type, content)
  if (!parts || parts.length > MAX_BODIES) throw new SipError(400, 'Bad Multipart Body')
  return parts
    .filter(({ contentDisposition }) => !isOptional(contentDisposition))
    .map(({ contentType, contentDisposition, body }) => {
      const partType = parseMediaType(contentType)
      if (partType === undefined) throw notTaken([])
      return askedBody(partType, contentDisposition, body)
    })
}

function askedBody({ type }: MediaType, disposition: string | undefined, body: Buffer): AskedBody {
  const token = parseTokenValue(disposition ?? '')?.token
  return {
    contentType: ownString(type),
    disposition: token === undefined ? undefined : ownString(token.toLowerCase()),
    // The request's own bytes may be a slice of a much larger buffer.
    content: Buffer.from(body),
  }
}

function isOptional(disposition: string | undefined): boolean {
  const handling = parseTokenValue(disposition ?? '')?.params.get('handling')
  return handling?.toLowerCase() === 'optional'
}

function notTaken(taken: readonly SubscribeBody<unknown>[]): SipError {
  const types = new Set(taken.map(({ contentType }) => contentType))
  return new SipError(415, undefined, [['Accept', [...types].join(', ')]])
}

/**
 * What a SUBSCRIBE asks for besides documents and time: parameters of its Event header, and bodies
 * (filters, RFC 4660; lists, RFC 5367). Most ask for nothing, and have no such object.
 */
import { ownString } from '../../util/own-string.ts'
import { SipError } from '../errors.ts'
import { unpacked } from '../message/content-encoding.ts'
import type { SipRequest } from '../message/message.ts'
import { parseMultipart } from '../message/multipart.ts'
import {
  type EventValue,
  type MediaType,
  type Params,
  parseMediaType,
  parseTokenValue,
} from '../message/values.ts'
import type { SubscribeBody } from './subscribe-body.ts'

export interface Asked {
  /** Of the Event header, names in lower case, without `id`. A refresh replaces them (RFC 6446 §6.1). */
  readonly params: Params
  /** A refresh without bodies leaves them as they are (RFC 4660 §3.4). */
  readonly bodies: readonly AskedBody[]
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
  readonly bodies: readonly {
    readonly contentType: string
    readonly disposition?: string | undefined
    /** Base64. */
    readonly content: string
  }[]
}

/** Of a refresh, `before` is what held. Throws `SipError` 415 for a body that does not say what it is. */
export function parseAsked(
  request: SipRequest,
  event: EventValue,
  before?: Asked | undefined,
): Asked | undefined {
  const params = new Map<string, string>()
  for (const [name, value] of event.params) {
    if (name !== 'id') params.set(ownString(name), ownString(value))
  }
  const own = bodiesOf(request)
  const bodies = own.length > 0 ? own : (before?.bodies ?? [])
  return params.size === 0 && bodies.length === 0 ? undefined : { params, bodies }
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

export function snapshotOf({ params, bodies }: Asked): AskedSnapshot {
  return {
    params: [...params],
    bodies: bodies.map((body) => ({ ...body, content: body.content.toString('base64') })),
  }
}

/** Written by `snapshotOf`. */
export function restoreAsked({ params, bodies }: AskedSnapshot): Asked {
  return {
    params: new Map(params),
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

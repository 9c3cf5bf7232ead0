/** What header values mean: each function reads one value, and answers `undefined` where it is malformed. */
import { isSpace, isToken, type Params, parseParams, trimSpace } from './grammar.ts'
import type { SipHeaders, SipMessage } from './message.ts'
import { type NameAddr, parseNameAddr } from './name-addr.ts'

export { type AuthValue, parseAuthInfo, parseAuthParams } from './auth-params.ts'
export { type Params, quote, serializeParams } from './grammar.ts'
export {
  type MediaRange,
  type MediaType,
  parseAccept,
  parseMediaType,
  parseQ,
  qualityOf,
} from './media-type.ts'
export { type NameAddr, parseContacts, parseNameAddr, serializeNameAddr } from './name-addr.ts'
export { parseDate } from './sip-date.ts'
export { parseVia, serializeVia, topVia, type Via } from './via.ts'

export interface CSeq {
  readonly number: number
  readonly method: string
}

/** A token with parameters. */
export interface TokenValue {
  readonly token: string
  readonly params: Params
}

export interface EventValue {
  /** `presence`, `presence.winfo`; case counts. */
  readonly package: string
  readonly id: string | undefined
  readonly params: Params
}

export interface SubscriptionStateValue {
  /** In lower case: `active`, `pending`, `terminated`, or an extension. */
  readonly state: string
  readonly reason: string | undefined
  /** Seconds. */
  readonly expires: number | undefined
  /** Seconds. */
  readonly retryAfter: number | undefined
  readonly params: Params
}

/** §8.1.1.5: a sequence number is below 2^31. */
const MAX_CSEQ = 2 ** 31 - 1
/** §20.19: delta-seconds go up to 2^32-1. */
const MAX_SECONDS = 2 ** 32 - 1

export function parseCSeq(text: string): CSeq | undefined {
  const trimmed = trimSpace(text)
  let number = 0
  let at = 0
  for (; isDigit(trimmed.charCodeAt(at)); at += 1) {
    number = 10 * number + trimmed.charCodeAt(at) - ZERO
  }
  const method = trimSpace(trimmed.slice(at))
  const isApart = at > 0 && isSpace(trimmed.charCodeAt(at))
  return isApart && isToken(method) && number <= MAX_CSEQ ? { number, method } : undefined
}

const ZERO = 0x30

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39
}

/** Seconds; more than fit in 32 bits are the most that do. For Expires, Min-Expires and `expires` of a Contact. */
export function parseExpires(text: string): number | undefined {
  const trimmed = trimSpace(text)
  return /^\d+$/.test(trimmed) ? Math.min(Number(trimmed), MAX_SECONDS) : undefined
}

/** §20.22: 0…255. */
export function parseMaxForwards(text: string): number | undefined {
  const trimmed = trimSpace(text)
  return /^0*\d{1,3}$/.test(trimmed) && Number(trimmed) <= 255 ? Number(trimmed) : undefined
}

/** §20.33, seconds: a comment and parameters may follow. */
export function parseRetryAfter(text: string): number | undefined {
  const digits = /^[ \t]*(\d+)[ \t]*(?:[(;]|$)/.exec(text)?.[1]
  return digits === undefined ? undefined : Math.min(Number(digits), MAX_SECONDS)
}

/** `token;name=value…`: Content-Disposition, Reason, Event and others of this form. */
export function parseTokenValue(text: string): TokenValue | undefined {
  const semicolon = text.indexOf(';')
  const token = trimSpace(semicolon < 0 ? text : text.slice(0, semicolon))
  const params = parseParams(semicolon < 0 ? '' : text.slice(semicolon))
  return params && isToken(token) ? { token, params } : undefined
}

/** RFC 6665 §8.4. */
export function parseEvent(text: string): EventValue | undefined {
  const value = parseTokenValue(text)
  return value && { package: value.token, id: value.params.get('id'), params: value.params }
}

/** RFC 6665 §8.4. */
export function parseSubscriptionState(text: string): SubscriptionStateValue | undefined {
  const value = parseTokenValue(text)
  if (!value) return undefined
  const { token, params } = value
  return {
    state: token.toLowerCase(),
    reason: params.get('reason')?.toLowerCase(),
    expires: parseExpires(params.get('expires') ?? ''),
    retryAfter: parseExpires(params.get('retry-after') ?? ''),
    params,
  }
}

export function fromOf(message: SipMessage): NameAddr | undefined {
  return addressOf(message, 'From')
}

export function toOf(message: SipMessage): NameAddr | undefined {
  return addressOf(message, 'To')
}

function addressOf({ headers }: SipMessage, name: 'From' | 'To'): NameAddr | undefined {
  const value = headers.get(name)
  return value === undefined ? undefined : parseNameAddr(value)
}

export function cseqOf({ headers }: SipMessage): CSeq | undefined {
  return parseCSeq(headers.get('CSeq') ?? '')
}

/** Option tags and the like (Supported, Require, Content-Encoding …), in lower case. */
export function tokensOf(headers: SipHeaders, name: string): string[] {
  return headers.getAll(name).flatMap((value) => (value === '' ? [] : value.toLowerCase()))
}

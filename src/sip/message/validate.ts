/** What a request or response must have to be worked on (RFC 3261 §8.1.1, §8.2, §16.3), and helpers for what a UAS decides. */
import type { SipHeaders, SipMessage, SipRequest, SipResponse } from './message.ts'
import { parseContacts, parseNameAddr } from './name-addr.ts'
import { parseSipUri } from './uri.ts'
import { parseCSeq, parseMaxForwards } from './values.ts'
import { parseVia, topVia } from './via.ts'

export interface Refusal {
  readonly status: number
  readonly reason: string
}

const CALL_ID = /^[\x21-\x7e]+$/
const KNOWN_SCHEMES = new Set(['sip', 'sips', 'tel', 'pres', 'im'])

/**
 * The first thing that makes the request one to refuse: 400, or 416 for a request-URI of a scheme that is none of
 * ours; `undefined` for a good one. RFC 2543 clients are let in: no Max-Forwards (§16.3), no From tag, no branch.
 * A bad Date is no reason (RFC 4475 §3.1.2.12): who needs it finds that `parseDate` cannot read it.
 * What the request asks for (method, Require, body type, hops left) is the user agent's to judge.
 */
export function validateRequest(request: SipRequest): Refusal | undefined {
  const { headers, method, uri } = request
  const common = commonProblem(request)
  if (common !== undefined) return { status: 400, reason: common }
  if (parseCSeq(headers.get('CSeq') ?? '')?.method !== method) {
    return { status: 400, reason: 'CSeq method does not match' }
  }
  const hops = headers.get('Max-Forwards')
  if (hops !== undefined && parseMaxForwards(hops) === undefined) {
    return { status: 400, reason: 'Malformed Max-Forwards' }
  }
  const target = parseSipUri(uri)
  // §19.1.1: the request-URI of a request has no headers component.
  if (!target || target.headers.length > 0) return { status: 400, reason: 'Malformed Request-URI' }
  if (!KNOWN_SCHEMES.has(target.scheme)) return { status: 416, reason: 'Unsupported URI Scheme' }
  return undefined
}

/** Why a response cannot be used; it is dropped then (§18.1.2). */
export function validateResponse(response: SipResponse): string | undefined {
  return commonProblem(response)
}

function commonProblem(message: SipMessage): string | undefined {
  const { headers } = message
  const repeated = headers.repeated()
  if (repeated !== undefined) return `More than one ${repeated}`
  const via = headers.get('Via')
  if (via === undefined) return 'Missing Via'
  const isAlone = headers.count('Via') === 1 && !via.includes(',')
  const areVias = isAlone ? topVia(message) !== undefined : areAllVias(headers.getAll('Via'))
  if (!areVias) return 'Malformed Via'
  for (const name of ['From', 'To'] as const) {
    const value = headers.get(name)
    if (value === undefined) return `Missing ${name}`
    if (!isAddress(value)) return `Malformed ${name}`
  }
  const callId = headers.get('Call-ID')
  if (callId === undefined) return 'Missing Call-ID'
  if (!CALL_ID.test(callId)) return 'Malformed Call-ID'
  const cseq = headers.get('CSeq')
  if (cseq === undefined) return 'Missing CSeq'
  if (!parseCSeq(cseq)) return 'Malformed CSeq'
  return optionalProblem(headers)
}

function optionalProblem(headers: SipHeaders): string | undefined {
  if (headers.has('Contact') && !areContacts(headers.getAll('Contact'))) return 'Malformed Contact'
  for (const name of ['Route', 'Record-Route'] as const) {
    if (headers.has(name) && !headers.getAll(name).every(isAddress)) return `Malformed ${name}`
  }
  return undefined
}

function areContacts(values: readonly string[]): boolean {
  const contacts = parseContacts(values)
  return contacts === '*' || contacts?.every(({ uri }) => parseSipUri(uri)) === true
}

const areAllVias = (vias: readonly string[]) => vias.length > 0 && vias.every(parseVia)

/** What nearly every address looks like; whatever else it may be, it needs no closer look. */
const USUAL_ADDRESS =
  /^(?:"[^"\\\r\n]*" ?)?<sips?:[\w.!~*'()+-]+@[A-Za-z](?:[A-Za-z0-9-]|\.(?=[A-Za-z]))*(?<!-)(?::\d{1,4})?>(?:;tag=[\w.!%*+`'~-]+)?$/

function isAddress(value: string): boolean {
  if (USUAL_ADDRESS.test(value)) return true
  const address = parseNameAddr(value)
  return address !== undefined && parseSipUri(address.uri) !== undefined
}

/** Option tags in Require that are not in `supported` (lower case): for a 420 with Unsupported (§8.2.2.3). */
export function unsupportedOptions(
  request: SipRequest,
  supported: ReadonlySet<string>,
  header: 'Require' | 'Proxy-Require' = 'Require',
): string[] {
  if (!request.headers.has(header)) return []
  return request.headers
    .getAll(header)
    .filter((option) => option !== '' && !supported.has(option.toLowerCase()))
}

/** What a REGISTER asks for (RFC 3261 §10.2), checked for itself alone. */
import { hash } from 'node:crypto'
import { SipError } from '../errors.ts'
import type { ExpiresBounds } from '../events/event-package.ts'
import { boundExpires } from '../events/headers.ts'
import type { SipRequest } from '../message/message.ts'
import { parseSipUri, type SipUri } from '../message/uri.ts'
import { type NameAddr, parseContacts, parseCSeq, parseExpires, parseQ } from '../message/values.ts'

export interface WantedBinding {
  readonly uri: SipUri
  /** As the client wrote it: requests go there verbatim. */
  readonly contact: string
  /** Seconds; 0 removes. */
  readonly seconds: number
  /** 0…1 */
  readonly q: number
  readonly instance: string | undefined
  readonly regId: number | undefined
}

export type RegisterDemand =
  | { readonly kind: 'fetch' }
  | { readonly kind: 'remove-all' }
  | { readonly kind: 'update'; readonly contacts: readonly WantedBinding[] }

/** A client that has more contacts than this is not one. */
const MAX_CONTACTS = 10

/** Throws `SipError` 400 for what RFC 3261 §10.3 forbids, 423 for an interval that is too short. */
export function parseRegister(request: SipRequest, expires: ExpiresBounds): RegisterDemand {
  const values = request.headers.getAll('Contact')
  if (values.length === 0) return { kind: 'fetch' }
  if (values.length > MAX_CONTACTS) throw new SipError(400, 'Too Many Contacts')
  const contacts = parseContacts(values)
  // §10.3 step 6: the wildcard stands alone, and only to remove.
  if (contacts === '*' && parseExpires(request.headers.get('Expires') ?? '') === 0) {
    return { kind: 'remove-all' }
  }
  if (contacts === undefined || contacts === '*') throw new SipError(400, 'Bad Contact')
  const wanted = contacts.map((contact) => toWanted(contact, request, expires))
  return { kind: 'update', contacts: wanted }
}

function toWanted(parsed: NameAddr, request: SipRequest, expires: ExpiresBounds): WantedBinding {
  const uri = parseSipUri(parsed.uri)
  if (!uri || !['sip', 'sips'].includes(uri.scheme)) throw new SipError(400, 'Bad Contact')
  const { params } = parsed
  const instance = params.get('+sip.instance')?.replace(/^"?<?|>?"?$/g, '') || undefined
  return {
    uri,
    contact: parsed.uri,
    seconds: wantedSeconds(params.get('expires') ?? request.headers.get('Expires'), expires),
    q: parseQ(params.get('q') ?? '') ?? 0, // without one the contact comes last
    instance,
    regId: instance === undefined ? undefined : parseRegId(params.get('reg-id') ?? ''),
  }
}

/** RFC 5626 §11.1: 1…2^31-1. Without a device that it is a flow of it says nothing (§6). */
function parseRegId(text: string): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0
  return number > 0 && number < 2 ** 31 ? number : undefined
}

/** §10.2.1.1: what is malformed counts as 3600. */
function wantedSeconds(value: string | undefined, bounds: ExpiresBounds): number {
  if (value === undefined) return bounds.default
  return boundExpires(parseExpires(value) ?? 3600, bounds)
}

export interface RegisterOrder {
  readonly callId: string
  readonly cseq: number
}

/** Throws `SipError` 400 where Call-ID or CSeq is missing. */
export function registerOrder(request: SipRequest): RegisterOrder {
  const callId = request.headers.get('Call-ID')
  const cseq = parseCSeq(request.headers.get('CSeq') ?? '')
  if (callId === undefined || !cseq) throw new SipError(400, 'Bad CSeq')
  return { callId, cseq: cseq.number }
}

/**
 * The name of a binding: the same for the same device (RFC 5626 §4.1) however its address changes,
 * or for the same Contact where the client does not name its device.
 */
export function bindingId(account: string, wanted: WantedBinding): string {
  const { uri, instance, regId } = wanted
  const port = uri.port ?? ''
  const transport = uri.params.get('transport')?.toLowerCase() ?? ''
  const identity =
    instance === undefined
      ? `${uri.scheme}:${uri.user ?? ''}@${uri.host.toLowerCase()}:${port};${transport}`
      : `${instance.toLowerCase()};${regId ?? 0}`
  return `sip-${hash('sha256', `${account}\n${identity}`).slice(0, 12)}`
}

/** Connections that clients keep open for us (RFC 5626 §6): whether a REGISTER is about one. */
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { parseSipUri } from '../message/uri.ts'
import { parseNameAddr, tokensOf } from '../message/values.ts'
import type { WantedBinding } from './register-request.ts'

/** Seconds after which a client should show that it is still there (§4.4.1 has 95 to 120 for TCP). */
const FLOW_TIMER_SECONDS = 120

export interface OutboundUse {
  /** Whether `reg-id` counts. */
  readonly applies: boolean
  /** The client knows of it, and is told that it is in use. */
  readonly isConfirmed: boolean
  readonly isDirect: boolean
}

/** Throws `SipError` 439 where the client wants it and its first hop does not, 400 for two flows at once. */
export function outboundUse(request: SipRequest, contacts: readonly WantedBinding[]): OutboundUse {
  const isDirect = request.headers.getAll('Via').length === 1
  const flows = contacts.filter(({ regId }) => regId !== undefined)
  const supports = tokensOf(request.headers, 'Supported').includes('outbound')
  if (flows.length === 0) return { applies: false, isConfirmed: false, isDirect }
  if (!isDirect && !isKeptByEdge(request)) {
    if (supports) throw new SipError(439)
    return { applies: false, isConfirmed: false, isDirect }
  }
  const live = contacts.filter(({ seconds }) => seconds > 0)
  const isSeveral = live.length > 1 && live.some(({ regId }) => regId !== undefined)
  if (isSeveral) throw new SipError(400, 'One Flow at a Time')
  return { applies: true, isConfirmed: supports, isDirect }
}

/** What the edge proxy wrote stands below what others put on top of it (RFC 3327 §5.1). */
function isKeptByEdge(request: SipRequest): boolean {
  const first = parseNameAddr(request.headers.getAll('Path').at(-1) ?? '')?.uri
  return parseSipUri(first ?? '')?.params.has('ob') === true
}

/** §6; Flow-Timer §4.4.1, §5.4. */
export function outboundFields({ isConfirmed, isDirect }: OutboundUse): [string, string][] {
  if (!isConfirmed) return []
  const timer: [string, string][] = isDirect ? [['Flow-Timer', String(FLOW_TIMER_SECONDS)]] : []
  return [['Require', 'outbound'], ...timer]
}

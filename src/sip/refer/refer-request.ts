/** What a REFER asks for (RFC 3515 §2.4.2), checked for itself alone. */
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { parseSipUri, type SipUri } from '../message/uri.ts'
import { parseNameAddr, parseTokenValue, tokensOf } from '../message/values.ts'

/** How whoever asked learns of the outcome: RFC 3515, RFC 4488 (`unwanted`), RFC 7614 (the other two). */
export type Following = 'implicit' | 'unwanted' | 'explicit' | 'none'

export interface ReferDemand {
  readonly target: SipUri
  /** The method that the target wants; a URI that does not say means INVITE (RFC 3261 §19.1.1). */
  readonly method: string
  readonly following: Following
  /** RFC 3892: a URI. */
  readonly referredBy: string | undefined
}

/** Option tags that only a REFER may require. */
export const REFER_OPTIONS = ['norefersub', 'explicitsub', 'nosub', 'tdialog'] as const

/** Throws `SipError` 400 for what is malformed, 603 for what is no SIP URI: nothing else is followed. */
export function parseRefer(request: SipRequest): ReferDemand {
  const target = targetOf(request)
  return {
    target,
    method: (target.params.get('method') ?? 'INVITE').toUpperCase(),
    following: followingOf(request),
    referredBy: referredBy(request),
  }
}

/** RFC 3515 §2.4.2: exactly one. */
function targetOf({ headers }: SipRequest): SipUri {
  const values = headers.getAll('Refer-To')
  if (values.length !== 1) throw new SipError(400, 'Refer-To Is Not One')
  const uri = parseNameAddr(values[0] ?? '')?.uri
  const target = uri === undefined ? undefined : parseSipUri(uri)
  if (!target) throw new SipError(400, 'Bad Refer-To')
  if (target.scheme !== 'sip' && target.scheme !== 'sips') throw new SipError(603)
  return target
}

function followingOf({ headers }: SipRequest): Following {
  const required = tokensOf(headers, 'Require')
  const isExplicit = required.includes('explicitsub')
  const isNone = required.includes('nosub')
  if (isExplicit && isNone) throw new SipError(400, 'Contradicting Require')
  const wanted = referSub(headers.get('Refer-Sub'))
  if (isExplicit) return 'explicit'
  if (isNone) return 'none'
  return wanted ? 'implicit' : 'unwanted'
}

/** RFC 4488 §4. */
function referSub(value: string | undefined): boolean {
  if (value === undefined) return true
  const token = parseTokenValue(value)?.token.toLowerCase()
  if (token !== 'true' && token !== 'false') throw new SipError(400, 'Bad Refer-Sub')
  return token === 'true'
}

/** RFC 3892 §3: once. */
function referredBy({ headers }: SipRequest): string | undefined {
  const values = headers.getAll('Referred-By')
  if (values.length === 0) return undefined
  const uri = values.length === 1 ? parseNameAddr(values[0] ?? '')?.uri : undefined
  if (uri === undefined) throw new SipError(400, 'Bad Referred-By')
  return uri
}

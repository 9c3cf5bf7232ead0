/** Responses to requests (RFC 3261 §8.2.6). */
import { newTag } from './identifiers.ts'
import { type HeaderEntry, SipHeaders, type SipRequest, SipResponse } from './message.ts'
import { parseNameAddr } from './name-addr.ts'
import { reasonPhrase } from './reason-phrases.ts'

export { newBranch, newCallId, newTag } from './identifiers.ts'
export { reasonPhrase } from './reason-phrases.ts'

export interface ResponseExtras {
  readonly headers?: Iterable<HeaderEntry> | undefined
  /** Its Content-Type belongs into `headers`. */
  readonly body?: Buffer | string | undefined
  /** Of the dialog that the response belongs to; without one a new tag is made where To has none. */
  readonly toTag?: string | undefined
}

/**
 * §8.2.6.2: Via (all of them, in order), From, To, Call-ID and CSeq are the request's; To gets a tag if it has
 * none, but not in a 100. A request that lacks some of them is answered without those. `extra` may be only headers.
 */
export function createResponse(
  request: SipRequest,
  status: number,
  reason: string = reasonPhrase(status),
  extra: ResponseExtras | Iterable<HeaderEntry> = {},
): SipResponse {
  const { headers = [], body, toTag } = Symbol.iterator in extra ? { headers: extra } : extra
  const own = new SipHeaders()
  for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const) {
    for (const value of request.headers.getRaw(name)) {
      own.append(name, name === 'To' && status > 100 ? withTag(value, toTag) : value)
    }
  }
  const timestamp = status === 100 ? request.headers.get('Timestamp') : undefined
  if (timestamp !== undefined) own.append('Timestamp', timestamp) // §8.2.6.1
  for (const [name, value] of headers) own.append(name, value)
  return new SipResponse({ status, reason, headers: own, body })
}

/** A malformed To goes back unchanged. */
function withTag(to: string, tag: string | undefined): string {
  const parsed = parseNameAddr(to)
  if (!parsed || parsed.params.has('tag')) return to
  return `${to};tag=${tag ?? newTag()}`
}

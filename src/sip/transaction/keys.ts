/** What makes two messages belong to one transaction (RFC 3261 §17.1.3, §17.2.3). */
import { hash } from 'node:crypto'
import { MAGIC_COOKIE } from '../message/identifiers.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { parseCSeq, parseNameAddr, topVia } from '../message/values.ts'

/** An ACK finds the transaction of its INVITE. */
function matchingMethod(method: string): string {
  return method === 'ACK' ? 'INVITE' : method
}

// Values of header fields have no line breaks, so keys that are joined by them are never ambiguous.

/** `method` other than the request's own finds the transaction that a CANCEL is meant for. */
export function serverKey(request: SipRequest, method = request.method): string {
  const via = topVia(request)
  const branch = via?.params.get('branch') ?? ''
  if (via && branch.startsWith(MAGIC_COOKIE)) {
    const sentBy = `${via.host.toLowerCase()}:${via.port ?? ''}`
    return `${branch}\n${sentBy}\n${matchingMethod(method)}`
  }
  return legacyKey(request, matchingMethod(method))
}

/** §17.2.3: without a usable branch all of these together. The To tag of an ACK is checked apart, it is ours. */
function legacyKey({ uri, headers }: SipRequest, method: string): string {
  return JSON.stringify([
    uri,
    tag(headers.get('From')),
    headers.get('Call-ID'),
    parseCSeq(headers.get('CSeq') ?? '')?.number,
    headers.getAll('Via')[0],
    method,
  ])
}

/** The same To tag for the same request, without remembering it (§8.2.7). */
export function statelessTag(request: SipRequest): string {
  return hash('sha256', serverKey(request)).slice(0, 16)
}

/** What a response names its client transaction by. */
export function branchOf(response: SipResponse): string | undefined {
  return topVia(response)?.params.get('branch')
}

/** §8.2.2.2: the same for copies of one request that came by different ways; `undefined` inside a dialog. */
export function mergeKey({ headers }: SipRequest): string | undefined {
  if (tag(headers.get('To')) !== undefined) return undefined
  return `${tag(headers.get('From'))}\n${headers.get('Call-ID')}\n${headers.get('CSeq')}`
}

function tag(header: string | undefined): string | undefined {
  return parseNameAddr(header ?? '')?.params.get('tag')
}

export function toTag(message: SipRequest | SipResponse): string | undefined {
  return tag(message.headers.get('To'))
}

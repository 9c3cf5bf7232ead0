import type { SipMessage, SipRequest } from './message.ts'

export interface Refused {
  readonly kind: 'refused'
  /** The final response that a request deserves: 400, 413, 505, 513. */
  readonly status: number
  readonly reason: string
  /** What could be read of the request, to answer it; `undefined` where there is nobody to answer to: drop it. */
  readonly request: SipRequest | undefined
}

export type ParseResult =
  | { readonly kind: 'message'; readonly message: SipMessage }
  | Refused
  /** Keep-alive (RFC 5626 §3.5.1): on a stream, answer with one CRLF. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  /** Framing is lost: close the connection. What can be answered came before, as `refused`. */
  | { readonly kind: 'fatal'; readonly reason: string }

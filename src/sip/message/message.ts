/** SIP requests and responses (RFC 3261 §7). */
import { type HeaderEntry, SipHeaders } from './headers.ts'

export { type HeaderEntry, SipHeaders } from './headers.ts'

const EMPTY = Buffer.alloc(0)

interface MessageParts {
  readonly headers?: SipHeaders | Iterable<HeaderEntry> | undefined
  readonly body?: Buffer | string | undefined
}

export class SipRequest {
  readonly kind = 'request'
  method: string
  /** The request-URI as it is written. */
  uri: string
  headers: SipHeaders
  body: Buffer
  /** Called when there is a way to the next hop, right before the request leaves: for what must not be older. */
  leaving: (() => void) | undefined

  constructor(init: MessageParts & { readonly method: string; readonly uri: string }) {
    this.method = init.method
    this.uri = init.uri
    this.headers = toHeaders(init.headers)
    this.body = toBody(init.body)
  }

  /** Headers are copied, the body is shared. */
  clone(): SipRequest {
    const { method, uri, headers, body } = this
    return new SipRequest({ method, uri, headers: headers.clone(), body })
  }
}

export class SipResponse {
  readonly kind = 'response'
  /** 100…699. */
  status: number
  reason: string
  headers: SipHeaders
  body: Buffer

  constructor(init: MessageParts & { readonly status: number; readonly reason: string }) {
    this.status = init.status
    this.reason = init.reason
    this.headers = toHeaders(init.headers)
    this.body = toBody(init.body)
  }

  /** Headers are copied, the body is shared. */
  clone(): SipResponse {
    const { status, reason, headers, body } = this
    return new SipResponse({ status, reason, headers: headers.clone(), body })
  }
}

export type SipMessage = SipRequest | SipResponse

function toHeaders(headers: MessageParts['headers']): SipHeaders {
  return headers instanceof SipHeaders ? headers : new SipHeaders(headers ?? [])
}

function toBody(body: Buffer | string | undefined): Buffer {
  if (body === undefined) return EMPTY
  return typeof body === 'string' ? Buffer.from(body) : body
}

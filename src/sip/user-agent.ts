/**
 * The user agent core (RFC 3261 §8): requests in by method, requests out with their final response.
 */
import type { SipRequest, SipResponse } from './message/message.ts'
import type { Peer } from './transport/transport.ts'

export type { Endpoint, Flow, Peer, TransportName } from './transport/transport.ts'

/** A request that waits for our answer. */
export interface ServerTransaction {
  readonly request: SipRequest
  readonly source: Peer
  /** The peer needs no digest: its address, or the name in its certificate, is configured as trusted. */
  readonly trusted: boolean
  /** Our Contact URI as this peer reaches us, e.g. `sip:192.0.2.1:5060;transport=tcp`. */
  readonly contact: string
  /** Provisional responses any number of times, one final one; what comes after that is dropped and logged. */
  respond(response: SipResponse): void
}

/** Throws `SipError`, which becomes the response; anything else is logged and answered 500. */
export type RequestHandler = (tx: ServerTransaction) => void | Promise<void>

/** What a part adds to the answer to OPTIONS and to the checks that come before every handler. */
export interface Capabilities {
  /** Option tags for Supported (and that Require may name). */
  readonly supported?: readonly string[]
  /** Media types for Accept. */
  readonly accept?: readonly string[]
  /** Event packages for Allow-Events. */
  readonly allowEvents?: readonly string[]
}

export class SipUserAgent {
  /** One handler a method; the Allow header follows from what is registered. Throws on a second one. */
  handle(method: string, handler: RequestHandler): void {
    throw new Error(`not there yet: ${method} ${handler.name}`)
  }

  /** Adds to what OPTIONS answers and to the option tags that Require may name. */
  contribute(capabilities: Capabilities): void {
    throw new Error(`not there yet: ${Object.keys(capabilities)}`)
  }

  /**
   * Sends a request and resolves with its final response; never rejects for what the network does.
   * Via is added here, Max-Forwards, Call-ID and User-Agent where they are missing.
   * Without `to`, the topmost Route or the request-URI is resolved (RFC 3263), and the next target tried
   * where one cannot be reached or answers 503. Made here: 408 on timeout, 503 on transport errors.
   */
  request(request: SipRequest, to?: Peer): Promise<SipResponse> {
    return Promise.reject(new Error(`not there yet: ${request.method} ${to?.host}`))
  }

  /** Our Contact URI as `peer` reaches us. */
  contactFor(peer: Peer): string {
    throw new Error(`not there yet: ${peer.host}`)
  }
}

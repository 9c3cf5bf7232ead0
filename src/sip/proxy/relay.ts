/** What the transaction layer asks whoever relays. */
import type { SipRequest, SipResponse } from '../message/message.ts'
import type { Arrival } from '../transport/transports.ts'

export interface Relay {
  /** True where the request is taken care of, and never becomes a server transaction of the user agent's. */
  takes(request: SipRequest, arrival: Arrival): boolean
  /** A response that answers no request of the user agent's. False where it answers none that was relayed either. */
  response(response: SipResponse, arrival?: Arrival): boolean
}

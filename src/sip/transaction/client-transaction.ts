/** A request of ours on its way: one of the two client FSMs, tied to a flow. */
import type { Clock } from '../../util/clock.ts'
import { SipHeaders, SipRequest, type SipResponse } from '../message/message.ts'
import { newBranch } from '../message/respond.ts'
import { serialize } from '../message/serializer.ts'
import { uriHost } from '../transport/addresses.ts'
import type { Flow, Peer } from '../transport/transport.ts'
import { type ClientPort, InviteClientTransaction } from './ict.ts'
import { retransmissions } from './metrics.ts'
import { NonInviteClientTransaction } from './nict.ts'
import type { TransactionTimers } from './timers.ts'

/** How a request ended. */
export type ClientOutcome =
  | { readonly kind: 'response'; readonly response: SipResponse }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'overload' }

/** A request with our Via on top, as bytes for one flow. */
export interface Departure {
  readonly request: SipRequest
  readonly branch: string
  readonly bytes: Buffer
  readonly flow: Flow
  readonly peer: Peer
}

/** As it is at this moment. Our Via goes on top; `rport` so that answers come back through a NAT (RFC 3581 §3). */
export function prepareDeparture(original: SipRequest, flow: Flow, peer: Peer): Departure {
  const branch = newBranch()
  const { host, port } = flow.localEndpoint(peer)
  const sentBy = `${uriHost(host)}:${port}`
  original.leaving?.()
  const request = original.clone()
  const protocol = `SIP/2.0/${flow.transport.toUpperCase()}`
  request.headers.prepend('Via', `${protocol} ${sentBy};branch=${branch};rport`)
  return { request, branch, bytes: serialize(request), flow, peer }
}

interface OutboundDeps {
  readonly clock: Clock
  readonly timers: TransactionTimers
  provisional(response: SipResponse): void
  /** Called once. An INVITE's further 2xx responses go to `again`. */
  finished(outcome: ClientOutcome): void
  again(response: SipResponse): void
  terminated(): void
}

export class OutboundTransaction {
  readonly #departure: Departure
  readonly #deps: OutboundDeps
  readonly #fsm: InviteClientTransaction | NonInviteClientTransaction
  #sent = 0
  #finished = false

  constructor(deps: OutboundDeps, departure: Departure) {
    this.#deps = deps
    this.#departure = departure
    const port: ClientPort = {
      send: () => this.#send(),
      response: (response) => this.#response(response),
      timeout: () => this.#finish({ kind: 'timeout' }),
      unreachable: () => this.#finish({ kind: 'unreachable' }),
      terminated: () => deps.terminated(),
    }
    const acknowledge = (response: SipResponse) => this.#acknowledge(response)
    this.#fsm =
      departure.request.method === 'INVITE'
        ? new InviteClientTransaction(deps.clock, deps.timers, { ...port, acknowledge })
        : new NonInviteClientTransaction(deps.clock, deps.timers, port)
  }

  start(): void {
    this.#fsm.start()
  }

  receive(response: SipResponse): void {
    this.#fsm.receive(response)
  }

  transportFailed(): void {
    this.#fsm.transportFailed()
  }

  #send(): void {
    this.#sent += 1
    if (this.#sent > 1) retransmissions.inc({ side: 'client' })
    this.#write(this.#departure.bytes)
  }

  #write(bytes: Buffer): void {
    const { flow, peer } = this.#departure
    flow.write(bytes, peer, () => this.transportFailed())
  }

  #response(response: SipResponse): void {
    if (response.status < 200) this.#deps.provisional(response)
    else if (this.#finished) this.#deps.again(response)
    else this.#finish({ kind: 'response', response })
  }

  #finish(outcome: ClientOutcome): void {
    this.#finished = true
    this.#deps.finished(outcome)
  }

  #acknowledge(response: SipResponse): void {
    this.#write(serialize(createAck(this.#departure.request, response)))
  }
}

/** The ACK to a 300–699, in the INVITE's own transaction (§17.1.1.3). */
export function createAck(invite: SipRequest, response: SipResponse): SipRequest {
  const headers = new SipHeaders()
  const via = invite.headers.getAll('Via')[0]
  if (via !== undefined) headers.append('Via', via)
  for (const route of invite.headers.getAll('Route')) headers.append('Route', route)
  headers.append('Max-Forwards', '70')
  headers.append('From', invite.headers.get('From') ?? '')
  headers.append('To', response.headers.get('To') ?? '')
  headers.append('Call-ID', invite.headers.get('Call-ID') ?? '')
  headers.append('CSeq', (invite.headers.get('CSeq') ?? '').replace(/\S+\s*$/, 'ACK'))
  return new SipRequest({ method: 'ACK', uri: invite.uri, headers })
}

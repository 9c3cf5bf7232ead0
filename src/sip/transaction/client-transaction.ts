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

/** A request as bytes for one flow, with our Via on top of its own. */
export interface Departure {
  readonly request: SipRequest
  readonly branch: string
  readonly via: string
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
  const via = `SIP/2.0/${flow.transport.toUpperCase()} ${sentBy};branch=${branch};rport`
  return { request: original, branch, via, bytes: serialize(original, via), flow, peer }
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
  readonly #deps: Pick<OutboundDeps, 'again'>
  /** Until it has finished: over UDP a transaction lives on for seconds, and then needs none of these. */
  #departure: Departure | undefined
  #provisional: OutboundDeps['provisional'] | undefined
  #finished: OutboundDeps['finished'] | undefined
  readonly #fsm: InviteClientTransaction | NonInviteClientTransaction
  #sent = 0

  constructor(deps: OutboundDeps, departure: Departure) {
    const { again, provisional, finished } = deps
    this.#deps = { again }
    this.#departure = departure
    this.#provisional = provisional
    this.#finished = finished
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
    if (this.#departure) this.#write(this.#departure, this.#departure.bytes)
  }

  #write({ flow, peer }: Departure, bytes: Buffer): void {
    flow.write(bytes, peer, () => this.transportFailed())
  }

  #response(response: SipResponse): void {
    if (response.status < 200) this.#provisional?.(response)
    else if (this.#finished) this.#finish({ kind: 'response', response })
    else this.#deps.again(response)
  }

  #finish(outcome: ClientOutcome): void {
    const finished = this.#finished
    this.#finished = undefined
    this.#provisional = undefined
    // An INVITE has every final response acknowledged.
    if (this.#fsm instanceof NonInviteClientTransaction) this.#departure = undefined
    finished?.(outcome)
  }

  #acknowledge(response: SipResponse): void {
    const departure = this.#departure
    if (departure) this.#write(departure, serialize(createAck(departure, response)))
  }
}

/** The ACK to a 300–699, in the INVITE's own transaction (§17.1.1.3). */
export function createAck(
  { request: invite, via }: Pick<Departure, 'request' | 'via'>,
  response: SipResponse,
): SipRequest {
  const headers = new SipHeaders([['Via', via]])
  for (const route of invite.headers.getAll('Route')) headers.append('Route', route)
  headers.append('Max-Forwards', '70')
  headers.append('From', invite.headers.get('From') ?? '')
  headers.append('To', response.headers.get('To') ?? '')
  headers.append('Call-ID', invite.headers.get('Call-ID') ?? '')
  headers.append('CSeq', (invite.headers.get('CSeq') ?? '').replace(/\S+\s*$/, 'ACK'))
  return new SipRequest({ method: 'ACK', uri: invite.uri, headers })
}

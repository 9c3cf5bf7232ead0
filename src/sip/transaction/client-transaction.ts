/** A request of ours on its way: one of the two client FSMs, tied to a flow. */
import type { Clock } from '../../util/clock.ts'
import { SipHeaders, SipRequest, type SipResponse } from '../message/message.ts'
import { newBranch } from '../message/respond.ts'
import { serialize } from '../message/serializer.ts'
import { uriHost } from '../transport/addresses.ts'
import type { Flow, Peer } from '../transport/transport.ts'
import { type InviteClientPort, InviteClientTransaction } from './ict.ts'
import { retransmissions } from './metrics.ts'
import { NonInviteClientTransaction } from './nict.ts'
import type { TransactionTimers } from './timers.ts'

/** How a request ended. */
export type ClientOutcome =
  | { readonly kind: 'response'; readonly response: SipResponse }
  /** `wasHeard`: it has said that it has the request. */
  | { readonly kind: 'timeout'; readonly wasHeard: boolean }
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
export function prepareDeparture(
  original: SipRequest,
  { flow, peer }: { readonly flow: Flow; readonly peer: Peer },
  branch = newBranch(),
): Departure {
  original.leaving?.()
  const via = `${viaOf(flow, peer)};branch=${branch};rport`
  return { request: original, branch, via, bytes: serialize(original, via), flow, peer }
}

interface OwnVia {
  readonly remote: string
  readonly via: string
}

/** Of each flow the last; a flow nearly always shows the same address. */
const ownVias = new WeakMap<Flow, OwnVia>()

/** Protocol and sent-by (§18.1.1), and whether the connection may be used the other way (RFC 5923 §8.1). */
export function viaOf(flow: Flow, peer: Peer): string {
  const known = ownVias.get(flow)
  if (known?.remote === peer.host) return known.via
  const { host, port } = flow.localEndpoint(peer)
  const alias = flow.offersAlias ? ';alias' : ''
  const via = `SIP/2.0/${flow.transport.toUpperCase()} ${uriHost(host)}:${port}${alias}`
  ownVias.set(flow, { remote: peer.host, via })
  return via
}

const briefTimers = new WeakMap<TransactionTimers, TransactionTimers>()

/**
 * Timer K (§17.1.2.2) only absorbs copies of an answer, and what belongs to no transaction is dropped
 * all the same. Thousands of transactions that wait five seconds for nothing cost much garbage collection.
 */
function withoutK(timers: TransactionTimers): TransactionTimers {
  let brief = briefTimers.get(timers)
  if (!brief) {
    brief = { ...timers, k: 0 }
    briefTimers.set(timers, brief)
  }
  return brief
}

interface OutboundDeps {
  readonly clock: Clock
  readonly timers: TransactionTimers
  readonly owner: TransactionOwner
  readonly relaying: Relaying | undefined
}

/** Called once. */
export type Finished = (outcome: ClientOutcome) => void

/** Of a request that is sent for somebody else (§16.6). */
export interface Relaying {
  readonly branch: string
  /** Called for each 1xx. */
  provisional(response: SipResponse): void
}

export interface TransactionOwner {
  /** A further 2xx of an INVITE. */
  again(transaction: OutboundTransaction, response: SipResponse): void
  terminated(transaction: OutboundTransaction): void
}

export class OutboundTransaction implements InviteClientPort {
  /** Ours alone; a response belongs here by this and the method (§17.1.3). */
  readonly branch: string
  readonly method: string
  readonly flow: Flow
  readonly #owner: TransactionOwner
  readonly #fsm: InviteClientTransaction | NonInviteClientTransaction
  /** Until it has finished. */
  #departure: Departure | undefined
  #finished: Finished | undefined
  /** Not there for what is our own. */
  readonly relaying: Relaying | undefined
  #sent = 0

  constructor(
    { clock, timers, owner, relaying }: OutboundDeps,
    departure: Departure,
    finished: Finished,
  ) {
    this.branch = departure.branch
    this.method = departure.request.method
    this.flow = departure.flow
    this.#owner = owner
    this.relaying = relaying
    this.#departure = departure
    this.#finished = finished
    this.#fsm =
      this.method === 'INVITE'
        ? new InviteClientTransaction(clock, timers, this)
        : new NonInviteClientTransaction(clock, withoutK(timers), this)
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

  // InviteClientPort

  send(): void {
    this.#sent += 1
    if (this.#sent > 1) retransmissions.inc({ side: 'client' })
    if (this.#departure) this.#write(this.#departure, this.#departure.bytes)
  }

  #write({ flow, peer }: Departure, bytes: Buffer): void {
    flow.write(bytes, peer, () => this.transportFailed())
  }

  response(response: SipResponse): void {
    if (response.status < 200) this.relaying?.provisional(response)
    else if (this.#finished) this.#finish({ kind: 'response', response })
    else this.#owner.again(this, response)
  }

  timeout(): void {
    this.#finish({ kind: 'timeout', wasHeard: this.#fsm.state === 'proceeding' })
  }

  unreachable(): void {
    this.#finish({ kind: 'unreachable' })
  }

  terminated(): void {
    this.#owner.terminated(this)
  }

  acknowledge(response: SipResponse): void {
    const departure = this.#departure
    if (departure) this.#write(departure, serialize(createAck(departure, response)))
  }

  #finish(outcome: ClientOutcome): void {
    const finished = this.#finished
    this.#finished = undefined
    // An INVITE has every final response acknowledged.
    if (this.#fsm instanceof NonInviteClientTransaction) this.#departure = undefined
    finished?.(outcome)
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

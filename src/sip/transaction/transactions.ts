/**
 * The transaction layer (RFC 3261 §17): knows which messages belong together, so that the user agent sees
 * each request once and each request of its own ends once.
 */
import { randomInt } from 'node:crypto'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { OverloadGuard } from '../../util/overload.ts'
import { ownString } from '../../util/own-string.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import { cseqOf } from '../message/values.ts'
import type { Relay } from '../proxy/relay.ts'
import { toReply } from '../transport/reply.ts'
import type { Flow, Peer } from '../transport/transport.ts'
import type { Arrival, Carrier, Inbox } from '../transport/transports.ts'
import { AnsweredRequests } from './answered-requests.ts'
import {
  type Departure,
  type Finished,
  OutboundTransaction,
  prepareDeparture,
  type Relaying,
  type TransactionOwner,
} from './client-transaction.ts'
import { branchOf, mergeKey, serverKey } from './keys.ts'
import { methodLabel } from './methods.ts'
import {
  overloaded,
  requestsReceived,
  requestsSent,
  retransmissions,
  strayMessages,
  transactionsOpen,
} from './metrics.ts'
import { isNewWork } from './new-work.ts'
import type { PeerRates } from './peer-rates.ts'
import { type InboundOwner, InboundTransaction } from './server-transaction.ts'
import { DEFAULT_TIMER_BASE, type TimerBase, timersFor } from './timers.ts'
import { UdpOnlyPeers } from './udp-only-peers.ts'

export interface TransactionLimits {
  readonly maxServer: number
  readonly maxClient: number
}

export const DEFAULT_TRANSACTION_LIMITS: TransactionLimits = {
  maxServer: 50_000,
  maxClient: 100_000,
}

/** Takes each new request once, ACK never. */
export type Deliver = (transaction: InboundTransaction, request: SipRequest) => void

/** A request on its way to one peer. */
interface Going {
  readonly request: SipRequest
  readonly peer: Peer
  readonly relaying: Relaying | undefined
}

export interface TransactionDeps {
  readonly clock: Clock
  readonly log: Log
  readonly transports: Carrier
  readonly timers?: TimerBase | undefined
  readonly limits?: Partial<TransactionLimits> | undefined
  readonly overload?: OverloadGuard | undefined
  /** Without it no peer has a limit of its own. */
  readonly peerRates?: PeerRates | undefined
}

/** Seconds, drawn from this range so that refused clients do not all come back at once. */
const RETRY_AFTER = [5, 15] as const

/** What is answered makes room for what is new, so many at a time that looking for them costs little. */
const FORGOTTEN_PART = 1 / 64

/** Any of these may be what a CANCEL is meant for; only INVITE can still be stopped (§9.2). */
const CANCELLABLE = ['INVITE', 'SUBSCRIBE', 'PUBLISH', 'MESSAGE', 'REGISTER', 'NOTIFY', 'OPTIONS']

export class Transactions implements Inbox, TransactionOwner, InboundOwner {
  readonly #clock: Clock
  readonly #log: Log
  readonly #transports: Carrier
  readonly #base: TimerBase
  readonly #limits: TransactionLimits
  readonly #overload: OverloadGuard | undefined
  readonly #peerRates: PeerRates | undefined
  readonly #deliver: Deliver
  readonly #servers = new Map<string, InboundTransaction>()
  readonly #answered: AnsweredRequests
  /** By branch. */
  readonly #clients = new Map<string, OutboundTransaction>()
  /** Server transactions outside dialogs, by what a merged copy would share. */
  readonly #merges = new Map<string, InboundTransaction>()
  readonly #udpOnly: UdpOnlyPeers
  /** Client transactions by the connection that they depend on. */
  readonly #byFlow = new Map<Flow, Set<OutboundTransaction>>()
  #relay: Relay | undefined

  constructor(deps: TransactionDeps, deliver: Deliver) {
    this.#clock = deps.clock
    this.#log = deps.log
    this.#transports = deps.transports
    this.#base = deps.timers ?? DEFAULT_TIMER_BASE
    this.#limits = { ...DEFAULT_TRANSACTION_LIMITS, ...deps.limits }
    this.#overload = deps.overload
    this.#peerRates = deps.peerRates
    this.#deliver = deliver
    this.#udpOnly = new UdpOnlyPeers(deps.clock)
    this.#answered = new AnsweredRequests({
      clock: deps.clock,
      lifetimeMs: timersFor('udp', this.#base).j,
      send: (reply, route) => deps.transports.sendResponse(reply, route),
    })
    deps.transports.deliverTo(this)
  }

  request(request: SipRequest, arrival: Arrival): void {
    const key = serverKey(request)
    const known = this.#servers.get(key)
    if (request.method === 'ACK') this.#acknowledged(known, request, arrival)
    else if (known) known.retransmission()
    else if (this.#answered.has(key)) this.#repeat(key)
    else if (this.#relay?.takes(request, arrival)) return
    else if (this.#isRefused(request, arrival)) this.#refuse(request, arrival)
    else this.#begin(key, request, arrival)
  }

  response(response: SipResponse, arrival: Arrival): void {
    const transaction = this.#clients.get(branchOf(response) ?? '')
    if (transaction?.method === cseqOf(response)?.method) transaction?.receive(response)
    else if (!this.#relay?.response(response, arrival)) strayMessages.inc({ kind: 'response' })
  }

  /** Who takes requests for others before there is a transaction for them; to be called before listening. */
  relayBy(relay: Relay): void {
    this.#relay = relay
  }

  /** Whether there is room for what is new, also where it is somebody else's. */
  admits(request: SipRequest, arrival: Arrival): boolean {
    return !this.#isRefused(request, arrival)
  }

  /** A server transaction for somebody else's request; `undefined` where there are too many. */
  adopt(request: SipRequest, arrival: Arrival): InboundTransaction | undefined {
    if (this.#isFull) return undefined
    return this.#open(serverKey(request), undefined, { request, arrival })
  }

  /** No answer can come any more by a connection that is gone. */
  flowClosed(flow: Flow): void {
    for (const transaction of this.#byFlow.get(flow) ?? []) transaction.transportFailed()
  }

  /** The transaction that a CANCEL names, whatever has become of it. */
  cancelled(cancel: SipRequest): InboundTransaction | 'answered' | undefined {
    for (const method of CANCELLABLE) {
      const key = serverKey(cancel, method)
      const found = this.#servers.get(key)
      if (found) return found
      if (this.#answered.has(key)) return 'answered'
    }
    return undefined
  }

  /**
   * One attempt at one peer, whose host is numeric. `finished` is told, perhaps before this returns.
   * Where there is a way to the peer already the request has left when this returns.
   */
  send(request: SipRequest, peer: Peer, finished: Finished, relaying?: Relaying): void {
    this.#attempt({ request, peer, relaying }, (outcome) => {
      const result = outcome.kind === 'response' ? outcome.response.status : outcome.kind
      requestsSent.inc({ method: request.method, result })
      finished(outcome)
    })
  }

  /** Ends everything that waits: requests of ours end unreachable, requests to us without an answer. */
  close(): void {
    for (const transaction of [...this.#clients.values()]) transaction.transportFailed()
    for (const transaction of [...this.#servers.values()]) transaction.abandon()
    this.#answered.clear()
  }

  #begin(unowned: string, request: SipRequest, arrival: Arrival): void {
    const merging = mergeKey(request)
    const merge = merging === undefined ? undefined : ownString(merging)
    const transaction = this.#open(unowned, merge, { request, arrival })
    requestsReceived.inc({ method: methodLabel(request.method) })
    // §8.2.2.2: the same request by another way has been answered there.
    if (merge && (this.#merges.has(merge) || this.#answered.hasMerge(merge))) {
      transaction.respond(createResponse(request, 482))
      return
    }
    if (merge) this.#merges.set(merge, transaction)
    this.#deliver(transaction, request)
  }

  #open(
    unowned: string,
    merge: string | undefined,
    { request, arrival }: { request: SipRequest; arrival: Arrival },
  ): InboundTransaction {
    // They may be kept for half a minute, and must not keep the request's text.
    const key = ownString(unowned)
    const deps = {
      clock: this.#clock,
      timers: timersFor(arrival.flow.transport, this.#base),
      transports: this.#transports,
      owner: this,
    }
    const transaction = new InboundTransaction(deps, { key, merge }, request, arrival)
    this.#servers.set(key, transaction)
    transactionsOpen.server += 1
    return transaction
  }

  #repeat(key: string): void {
    retransmissions.inc({ side: 'server' })
    this.#answered.repeat(key)
  }

  #acknowledged(invite: InboundTransaction | undefined, ack: SipRequest, arrival: Arrival): void {
    if (invite?.acknowledge(ack)) return
    // The ACK to a 2xx belongs to a session, and we have none.
    if (!this.#relay?.takes(ack, arrival)) strayMessages.inc({ kind: 'ack' })
  }

  get #isFull(): boolean {
    return this.#servers.size + this.#answered.size >= this.#limits.maxServer
  }

  #isRefused(request: SipRequest, arrival: Arrival): boolean {
    if (this.#isFull)
      this.#answered.forgetOldest(Math.ceil(this.#limits.maxServer * FORGOTTEN_PART))
    if (this.#isFull) {
      overloaded.inc({ side: 'server' })
      return true
    }
    if (!isNewWork(request)) return false
    if (this.#overload?.isOverloaded) {
      this.#overload.refused('sip')
      return true
    }
    return this.#peerRates?.admits(arrival) === false
  }

  /** 503 (§21.5.4) without a transaction (§16.11): a refusal must cost less than the work it refuses. */
  #refuse(request: SipRequest, arrival: Arrival): void {
    const retryAfter = String(randomInt(RETRY_AFTER[0], RETRY_AFTER[1]))
    const response = createResponse(request, 503, undefined, [['Retry-After', retryAfter]])
    this.#transports.sendResponse(toReply(response), this.#transports.routeBack(request, arrival))
  }

  #attempt(going: Going, finished: Finished): void {
    const { peer } = going
    if (this.#clients.size >= this.#limits.maxClient) {
      overloaded.inc({ side: 'client' })
      finished({ kind: 'overload' })
      return
    }
    const unreachable = (error: unknown) => {
      this.#log.info({ what: 'sip_peer_unreachable', peer: peer.host, error: String(error) })
      finished({ kind: 'unreachable' })
    }
    let departure: Departure | Promise<Departure>
    try {
      const flow = this.#transports.acquire(peer)
      departure =
        flow instanceof Promise
          ? flow.then((open) => this.#depart(going, open))
          : this.#depart(going, flow)
    } catch (error) {
      unreachable(error)
      return
    }
    if (departure instanceof Promise) {
      departure.then((ready) => this.#launch(ready, finished, going.relaying), unreachable)
    } else this.#launch(departure, finished, going.relaying)
  }

  #depart(going: Going, flow: Flow): Departure | Promise<Departure> {
    const { request, peer, relaying } = going
    const departure = prepareDeparture(request, { flow, peer }, relaying?.branch)
    const tooLong = departure.bytes.length > this.#transports.maxUdpRequestBytes(peer)
    return flow.transport === 'udp' && tooLong && !this.#udpOnly.has(peer)
      ? this.#departByTcp(going, departure)
      : departure
  }

  /** §18.1.1: a request too long for UDP takes TCP, for this attempt; where nobody accepts, UDP all the same. */
  async #departByTcp({ request, peer, relaying }: Going, departure: Departure): Promise<Departure> {
    const { host, port } = peer
    const branch = relaying?.branch
    const byTcp: Peer = { transport: 'tcp', host, port }
    try {
      const flow = await this.#transports.acquire(byTcp)
      return prepareDeparture(request, { flow, peer: byTcp }, branch)
    } catch {
      this.#udpOnly.add(peer)
      // It may have taken long to find out: what was to be sent may have changed.
      return prepareDeparture(request, { flow: departure.flow, peer }, branch)
    }
  }

  #launch(departure: Departure, finished: Finished, relaying: Relaying | undefined): void {
    const { flow } = departure
    const timers = timersFor(flow.transport, this.#base)
    const transaction = new OutboundTransaction(
      { clock: this.#clock, timers, owner: this, relaying },
      departure,
      finished,
    )
    this.#clients.set(transaction.branch, transaction)
    transactionsOpen.client += 1
    this.#bind(flow, transaction)
    transaction.start()
  }

  // InboundOwner

  ended(transaction: InboundTransaction): void {
    const { keys, lastReply, method, route } = transaction
    const { key, merge } = keys
    if (!this.#servers.delete(key)) return
    transactionsOpen.server -= 1
    const isFirst = merge !== undefined && this.#merges.get(merge) === transaction
    if (isFirst) this.#merges.delete(merge)
    const isRepeated = method !== 'INVITE' && route.flow.transport === 'udp'
    if (isRepeated && lastReply && lastReply.status >= 200) {
      this.#answered.add(key, isFirst ? merge : undefined, lastReply, route)
    }
  }

  // TransactionOwner

  again(transaction: OutboundTransaction, response: SipResponse): void {
    if (transaction.relaying && this.#relay?.response(response)) return
    strayMessages.inc({ kind: 'response' })
  }

  terminated(transaction: OutboundTransaction): void {
    if (!this.#clients.delete(transaction.branch)) return
    transactionsOpen.client -= 1
    this.#unbind(transaction.flow, transaction)
  }

  #bind(flow: Flow, transaction: OutboundTransaction): void {
    if (flow.transport === 'udp') return
    const bound = this.#byFlow.get(flow)
    if (bound) bound.add(transaction)
    else this.#byFlow.set(flow, new Set([transaction]))
  }

  #unbind(flow: Flow, transaction: OutboundTransaction): void {
    const bound = this.#byFlow.get(flow)
    bound?.delete(transaction)
    if (bound?.size === 0) this.#byFlow.delete(flow)
  }
}

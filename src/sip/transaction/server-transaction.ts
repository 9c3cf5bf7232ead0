/** A request that came in: one of the two server FSMs, tied to the way its responses go. */
import type { Clock } from '../../util/clock.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import { type Reply, toReply } from '../transport/reply.ts'
import type { ResponseRoute } from '../transport/response-route.ts'
import type { Peer } from '../transport/transport.ts'
import type { Arrival, Carrier } from '../transport/transports.ts'
import { type InviteServerPort, InviteServerTransaction } from './ist.ts'
import { toTag } from './keys.ts'
import { responsesSent, retransmissions } from './metrics.ts'
import { NonInviteServerTransaction } from './nist.ts'
import type { TransactionTimers } from './timers.ts'

export interface InboundDeps {
  readonly clock: Clock
  readonly timers: TransactionTimers
  readonly transports: Carrier
  readonly owner: InboundOwner
}

export interface InboundOwner {
  /**
   * Called once. An answered request other than INVITE ends at once: whoever has to answer its copies
   * (timer J, §17.2.2) keeps `lastReply`.
   */
  ended(transaction: InboundTransaction): void
}

/** As `serverKey` and `mergeKey` make them. */
export interface InboundKeys {
  readonly key: string
  readonly merge: string | undefined
}

const withoutJ = new WeakMap<TransactionTimers, TransactionTimers>()

function brief(timers: TransactionTimers): TransactionTimers {
  let made = withoutJ.get(timers)
  if (!made) {
    made = { ...timers, j: 0 }
    withoutJ.set(timers, made)
  }
  return made
}

export class InboundTransaction implements InviteServerPort {
  readonly method: string
  readonly source: Peer
  readonly keys: InboundKeys
  readonly route: ResponseRoute
  readonly #deps: InboundDeps
  readonly #fsm: InviteServerTransaction | NonInviteServerTransaction
  #request: SipRequest | undefined

  constructor(deps: InboundDeps, keys: InboundKeys, request: SipRequest, arrival: Arrival) {
    const { flow, source } = arrival
    const { clock, timers, transports } = deps
    this.method = request.method
    this.source = { transport: flow.transport, host: source.host, port: source.port, flow }
    this.keys = keys
    this.#deps = deps
    this.#request = request
    this.route = transports.routeBack(request, arrival)
    if (request.method === 'INVITE') {
      this.#fsm = new InviteServerTransaction(clock, timers, this)
      this.#fsm.start()
    } else this.#fsm = new NonInviteServerTransaction(clock, brief(timers), this)
  }

  /** `undefined` once there is a final response. */
  get request(): SipRequest | undefined {
    return this.#request
  }

  /** A final response has been given. */
  get answered(): boolean {
    return this.#request === undefined
  }

  get isTerminated(): boolean {
    return this.#fsm.state === 'terminated'
  }

  get lastReply(): Reply | undefined {
    return this.#fsm.lastReply
  }

  /** False where there is a final response already. */
  respond(response: SipResponse): boolean {
    if (response.status >= 200) this.#request = undefined
    const taken = this.#fsm.respond(toReply(response))
    if (taken) responsesSent.inc({ status: response.status })
    return taken
  }

  /** Answers as a server without state does (§8.2.7): once for each copy of the request, and is forgotten. */
  respondStateless(response: SipResponse): void {
    if (this.answered) return
    this.#request = undefined
    this.send(toReply(response))
    responsesSent.inc({ status: response.status })
    this.#fsm.abandon()
  }

  /** The same request once more. */
  retransmission(): void {
    retransmissions.inc({ side: 'server' })
    this.#fsm.retransmission()
  }

  /** False where the ACK is not for the response of this transaction. */
  acknowledge(ack: SipRequest): boolean {
    const last = this.#fsm.lastReply
    if (!('acknowledge' in this.#fsm) || !last || toTag(ack) !== last.toTag) return false
    return this.#fsm.acknowledge()
  }

  abandon(): void {
    this.#fsm.abandon()
  }

  // InviteServerPort

  send(reply: Reply): void {
    this.#deps.transports.sendResponse(reply, this.route)
  }

  trying(): Reply | undefined {
    return this.#request && toReply(createResponse(this.#request, 100))
  }

  terminated(): void {
    this.#deps.owner.ended(this)
  }
}

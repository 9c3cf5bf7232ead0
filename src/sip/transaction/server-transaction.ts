/** A request that came in: one of the two server FSMs, tied to the way its responses go. */
import type { Clock } from '../../util/clock.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import { type Reply, toReply } from '../transport/reply.ts'
import type { Peer } from '../transport/transport.ts'
import type { Arrival, Carrier } from '../transport/transports.ts'
import { InviteServerTransaction, type ServerPort } from './ist.ts'
import { toTag } from './keys.ts'
import { responsesSent, retransmissions } from './metrics.ts'
import { NonInviteServerTransaction } from './nist.ts'
import type { TransactionTimers } from './timers.ts'

export interface InboundDeps {
  readonly clock: Clock
  readonly timers: TransactionTimers
  readonly transports: Carrier
  terminated(): void
}

export class InboundTransaction {
  readonly method: string
  readonly source: Peer
  readonly #fsm: InviteServerTransaction | NonInviteServerTransaction
  readonly #send: (reply: Reply) => void
  #request: SipRequest | undefined

  constructor(deps: InboundDeps, request: SipRequest, arrival: Arrival) {
    const { flow, source } = arrival
    this.method = request.method
    this.source = { transport: flow.transport, host: source.host, port: source.port, flow }
    this.#request = request
    const route = deps.transports.routeBack(request, arrival)
    this.#send = (reply) => deps.transports.sendResponse(reply, route)
    this.#fsm = this.#createFsm(deps)
  }

  /**
   * `undefined` once there is a final response: over UDP an answered transaction lives on for half a minute,
   * thousands of them, and all it needs then is the answer.
   */
  get request(): SipRequest | undefined {
    return this.#request
  }

  /** A final response has been given. */
  get answered(): boolean {
    return this.#request === undefined
  }

  get terminated(): boolean {
    return this.#fsm.state === 'terminated'
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
    this.#send(toReply(response))
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

  #createFsm(deps: InboundDeps) {
    const { clock, timers } = deps
    const port: ServerPort = {
      send: this.#send,
      terminated: () => deps.terminated(),
    }
    if (this.method !== 'INVITE') return new NonInviteServerTransaction(clock, timers, port)
    const fsm = new InviteServerTransaction(clock, timers, {
      ...port,
      trying: () => this.#trying(),
    })
    fsm.start()
    return fsm
  }

  #trying(): Reply | undefined {
    return this.#request && toReply(createResponse(this.#request, 100))
  }
}

/** A request that came in: one of the two server FSMs, tied to the way its responses go. */
import type { Clock } from '../../util/clock.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import type { ResponseRoute } from '../transport/response-route.ts'
import type { Endpoint, Flow, Peer } from '../transport/transport.ts'
import type { Carrier } from '../transport/transports.ts'
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
  readonly request: SipRequest
  readonly source: Peer
  readonly flow: Flow
  readonly #fsm: InviteServerTransaction | NonInviteServerTransaction
  #answered = false

  constructor(
    deps: InboundDeps,
    request: SipRequest,
    { flow, source }: { readonly flow: Flow; readonly source: Endpoint },
  ) {
    this.request = request
    this.flow = flow
    this.source = { transport: flow.transport, host: source.host, port: source.port, flow }
    const route = deps.transports.routeBack(request, { flow, source })
    this.#fsm = this.#createFsm(deps, route)
  }

  /** A final response has been given. */
  get answered(): boolean {
    return this.#answered
  }

  get terminated(): boolean {
    return this.#fsm.state === 'terminated'
  }

  /** False where there is a final response already. */
  respond(response: SipResponse): boolean {
    const taken = this.#fsm.respond(response)
    if (taken && response.status >= 200) this.#answered = true
    if (taken) responsesSent.inc({ status: response.status })
    return taken
  }

  /** The same request once more. */
  retransmission(): void {
    retransmissions.inc({ side: 'server' })
    this.#fsm.retransmission()
  }

  /** False where the ACK is not for the response of this transaction. */
  acknowledge(ack: SipRequest): boolean {
    const last = this.#fsm.lastResponse
    if (!('acknowledge' in this.#fsm) || !last || toTag(ack) !== toTag(last)) return false
    return this.#fsm.acknowledge()
  }

  abandon(): void {
    this.#fsm.abandon()
  }

  #createFsm(deps: InboundDeps, route: ResponseRoute) {
    const { clock, timers, transports } = deps
    const port: ServerPort = {
      send: (response) => transports.sendResponse(response, route),
      terminated: () => deps.terminated(),
    }
    if (this.request.method !== 'INVITE') return new NonInviteServerTransaction(clock, timers, port)
    const trying = () => createResponse(this.request, 100)
    const fsm = new InviteServerTransaction(clock, timers, { ...port, trying })
    fsm.start()
    return fsm
  }
}

/**
 * One request that is relayed by two transactions (RFC 3261 §16.2): copies of it end here, answers that get lost are
 * repeated, and where a flow to the client has failed, the next one is tried (RFC 5626 §7).
 */
import type { Clock, Timer } from '../../util/clock.ts'
import { SipError } from '../errors.ts'
import { SipHeaders, SipRequest, type SipResponse } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import type { ClientOutcome } from '../transaction/client-transaction.ts'
import type { InboundTransaction } from '../transaction/server-transaction.ts'
import type { Transactions } from '../transaction/transactions.ts'
import { type DispatchDeps, wayTo } from './dispatch.ts'
import type { Forwarder } from './forwarder.ts'
import { branchIn, type Journey, targetOf, unreachableStatus } from './journey.ts'

export interface StatefulDeps {
  readonly clock: Clock
  readonly transactions: Transactions
  readonly dispatch: DispatchDeps
  readonly forwarder: Forwarder
}

export interface Exchange {
  readonly request: SipRequest
  readonly inbound: InboundTransaction
  readonly journey: Journey
}

/** §16.6 step 11: more than three minutes. */
const TIMER_C_MS = 181_000

export class StatefulRelay {
  readonly #deps: StatefulDeps
  readonly #exchange: Exchange
  #timerC: Timer | undefined

  constructor(deps: StatefulDeps, exchange: Exchange) {
    this.#deps = deps
    this.#exchange = exchange
  }

  start(): void {
    const { request, journey } = this.#exchange
    if (request.method === 'INVITE') this.#armTimerC()
    const copy = this.#deps.forwarder.prepare(request, journey)
    this.#deps.transactions.send(copy, journey.way.peer, (outcome) => this.#ended(outcome), {
      branch: branchIn(journey),
      provisional: (response) => this.#provisional(response),
    })
  }

  /** §16.7 step 2: a 100 goes no further; others show that somebody is still there. */
  #provisional(response: SipResponse): void {
    if (response.status === 100) return
    if (this.#timerC) this.#armTimerC()
    this.#exchange.inbound.respond(withoutOurVia(response))
  }

  #ended(outcome: ClientOutcome): void {
    if (this.#exchange.inbound.answered) return
    if (this.#isNextDue(outcome)) this.#next()
    else this.#answer(this.#responseTo(outcome))
  }

  /** RFC 5626 §7: any other answer is the device's own. */
  #isNextDue(outcome: ClientOutcome): boolean {
    const { targets, attempt, isCancelled } = this.#exchange.journey
    if (isCancelled || attempt + 1 >= targets.length) return false
    if (outcome.kind !== 'response') return outcome.kind !== 'overload'
    return outcome.response.status === 430 || outcome.response.status === 408
  }

  #next(): void {
    const { journey } = this.#exchange
    journey.attempt += 1
    wayTo(targetOf(journey), 0, this.#deps.dispatch).then(
      (way) => {
        journey.way = way
        this.start()
      },
      (error: unknown) => {
        if (journey.attempt + 1 < journey.targets.length) this.#next()
        else this.#refuse(error instanceof SipError ? error.status : 500)
      },
    )
  }

  #responseTo(outcome: ClientOutcome): SipResponse {
    const { request } = this.#exchange
    switch (outcome.kind) {
      case 'response':
        return withoutOurVia(outcome.response)
      case 'timeout':
        return createResponse(request, 408)
      case 'unreachable':
        return createResponse(request, unreachableStatus(this.#exchange.journey))
      case 'overload':
        return createResponse(request, 503, undefined, [['Retry-After', '5']])
    }
  }

  #answer(response: SipResponse): void {
    this.#timerC?.cancel()
    this.#exchange.inbound.respond(response)
  }

  #refuse(status: number): void {
    this.#answer(createResponse(this.#exchange.request, status))
  }

  /** §16.8: whoever rings for so long is called off. */
  #armTimerC(): void {
    this.#timerC?.cancel()
    this.#timerC = this.#deps.clock.after(TIMER_C_MS, () => {
      const { request, journey } = this.#exchange
      journey.isCancelled = true
      this.#deps.forwarder.write(createCancel(request), journey, () => undefined)
      this.#refuse(408)
    })
  }
}

function withoutOurVia(response: SipResponse): SipResponse {
  const copy = response.clone()
  copy.headers.removeFirst('Via')
  return copy
}

/** §9.1. */
function createCancel(invite: SipRequest): SipRequest {
  const headers = new SipHeaders()
  for (const name of ['Via', 'Max-Forwards', 'Route', 'From', 'To', 'Call-ID', 'CSeq'] as const) {
    for (const value of invite.headers.getRaw(name)) {
      headers.append(name, name === 'CSeq' ? value.replace(/\S+\s*$/, 'CANCEL') : value)
    }
  }
  return new SipRequest({ method: 'CANCEL', uri: invite.uri, headers })
}

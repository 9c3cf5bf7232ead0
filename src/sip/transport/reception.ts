/** What arrives, sorted: messages to the transaction layer, with a stamped Via; the unusable answered and counted. */
import type { Log } from '../../util/log.ts'
import type { SipMessage, SipRequest, SipResponse } from '../message/message.ts'
import type { ParseResult } from '../message/parser.ts'
import { createResponse } from '../message/respond.ts'
import { validateResponse } from '../message/validate.ts'
import { messagesReceived, messagesRefused } from './metrics.ts'
import { type Reply, toReply } from './reply.ts'
import { type ResponseRoute, responseRoute, stampVia } from './response-route.ts'
import type { Endpoint, Flow } from './transport.ts'

/** Who takes what arrives. May throw: that is logged, and ends there. */
export interface Inbox {
  request(request: SipRequest, arrival: Arrival): void
  response(response: SipResponse, arrival: Arrival): void
  flowClosed(flow: Flow): void
}

export interface Arrival {
  readonly flow: Flow
  readonly source: Endpoint
}

export class Reception {
  readonly #log: Log
  readonly #answer: (reply: Reply, route: ResponseRoute) => void
  #inbox: Inbox | undefined

  /** `answer` sends the refusal of a message that the transaction layer never sees. */
  constructor(log: Log, answer: (reply: Reply, route: ResponseRoute) => void) {
    this.#log = log
    this.#answer = answer
  }

  deliverTo(inbox: Inbox): void {
    this.#inbox = inbox
  }

  /** Nothing that a peer sends may throw out of here: the socket's event loop is below. */
  receive(result: ParseResult, arrival: Arrival): void {
    try {
      if (result.kind === 'message') this.#hand(result.message, arrival)
      else if (result.kind === 'refused') this.#refuse(result, arrival)
      else if (result.kind === 'fatal') this.#count(arrival, 'closed')
    } catch (error) {
      this.#log.error({ what: 'sip_receive_failed', peer: arrival.source.host, err: error })
    }
  }

  flowClosed(flow: Flow): void {
    this.#inbox?.flowClosed(flow)
  }

  #hand(message: SipMessage, arrival: Arrival): void {
    messagesReceived.inc({ transport: arrival.flow.transport, kind: message.kind })
    if (message.kind === 'request') {
      if (stampVia(message, arrival.source)) this.#inbox?.request(message, arrival)
      else this.#count(arrival, '400')
    } else if (validateResponse(message) === undefined) {
      this.#inbox?.response(message, arrival)
    } else {
      this.#count(arrival, 'response')
    }
  }

  /** §8.2.6 without a transaction; an ACK is never answered, and without a Via there is nowhere to answer. */
  #refuse(refused: Extract<ParseResult, { kind: 'refused' }>, arrival: Arrival): void {
    const { status, reason, request } = refused
    this.#count(arrival, String(status))
    this.#log.debug({ what: 'sip_message_refused', peer: arrival.source.host, status, reason })
    if (!request || request.method === 'ACK' || !stampVia(request, arrival.source)) return
    const reply = toReply(createResponse(request, status, reason))
    this.#answer(reply, responseRoute(request, arrival))
  }

  #count({ flow }: Arrival, status: string): void {
    messagesRefused.inc({ transport: flow.transport, status })
  }
}

/** Responses on their way back through us, without a transaction (RFC 3261 §16.11). */
import type { Log } from '../../util/log.ts'
import type { SipResponse } from '../message/message.ts'
import { parseVia, type Via } from '../message/values.ts'
import { type Reply, toReply } from '../transport/reply.ts'
import { defaultPort, type Peer, parseTransportName } from '../transport/transport.ts'
import type { Arrival, SipTransports } from '../transport/transports.ts'
import type { Journey } from './journey.ts'

export interface ResponseRelayDeps {
  readonly log: Log
  readonly transports: SipTransports
  trusts(peer: Peer): boolean
  /** Of a response to what we have relayed. */
  proofIn(response: SipResponse): string | undefined
  /** `undefined` once it is forgotten. */
  journey(proof: string): Journey | undefined
}

export class ResponseRelay {
  readonly #deps: ResponseRelayDeps

  constructor(deps: ResponseRelayDeps) {
    this.#deps = deps
  }

  /** False where it is none of ours: then it is dropped (§16.11). */
  relay(response: SipResponse, arrival: Arrival | undefined): boolean {
    const { proofIn, journey, transports } = this.#deps
    const proof = proofIn(response)
    if (proof === undefined) return false
    const reply = toReply(this.onward(response, arrival))
    const known = journey(proof)
    if (known) transports.sendResponse(reply, known.back)
    else this.#byVia(reply, parseVia(response.headers.getAll('Via')[1] ?? ''))
    return true
  }

  /** Without our Via, and without what somebody outside says of who he is (RFC 3325 §5). */
  onward(response: SipResponse, arrival: Arrival | undefined): SipResponse {
    const copy = response.clone()
    copy.headers.removeFirst('Via')
    const source = arrival && {
      ...arrival.source,
      transport: arrival.flow.transport,
      flow: arrival.flow,
    }
    if (!source || !this.#deps.trusts(source)) copy.headers.remove('P-Asserted-Identity')
    return copy
  }

  /** §18.2.2, by what was written there when the request came. */
  #byVia(reply: Reply, via: Via | undefined): void {
    const transport = parseTransportName(via?.transport ?? '')
    if (!via || !transport) return
    const port = Number(via.params.get('rport')) || via.port || defaultPort(transport)
    const peer: Peer = { transport, host: via.params.get('received') ?? via.host, port }
    const failed = (error: unknown) => {
      this.#deps.log.info({ what: 'sip_response_lost', status: reply.status, error: String(error) })
    }
    Promise.resolve()
      .then(() => this.#deps.transports.acquire(peer))
      .then((flow) => flow.write(reply.bytes, peer, failed))
      .catch(failed)
  }
}

/** Sends requests: finds the next hop (RFC 3261 §8.1.2, RFC 3263), and tries the next one where the first fails. */

import type { Log } from '../util/log.ts'
import type { SipRequest, SipResponse } from './message/message.ts'
import { createResponse, newCallId } from './message/respond.ts'
import { parseSipUri, type SipUri } from './message/uri.ts'
import { parseNameAddr } from './message/values.ts'
import type { ClientOutcome } from './transaction/client-transaction.ts'
import type { Transactions } from './transaction/transactions.ts'
import { isNumericHost, normalizeHost } from './transport/addresses.ts'
import { locate, locateHost, type NameResolver } from './transport/locate.ts'
import type { Peer } from './transport/transport.ts'
import type { SipTransports } from './transport/transports.ts'

interface SenderDeps {
  readonly resolver: NameResolver
  readonly transports: SipTransports
  readonly transactions: Transactions
  readonly product: string | undefined
  readonly log: Log
}

/** Called once, with the final response: the peer's, or one of ours. */
export type Answered = (response: SipResponse) => void

export class RequestSender {
  readonly #deps: SenderDeps

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  send(request: SipRequest, to: Peer | undefined, answered: Answered): void {
    this.#complete(request)
    const only = to && knownTarget(to)
    if (only) {
      this.#deps.transactions.send(request, only, (outcome) =>
        answered(asResponse(request, outcome)),
      )
      return
    }
    this.#tryEach(request, to).then(answered, (err: unknown) => {
      this.#deps.log.error({ what: 'sip_request_failed', method: request.method, err })
      answered(createResponse(request, 500))
    })
  }

  async #tryEach(request: SipRequest, to: Peer | undefined): Promise<SipResponse> {
    let response: SipResponse | undefined
    for (const target of await this.#targets(request, to)) {
      response = asResponse(request, await this.#attempt(request, target))
      // RFC 3263 §4.3; a timeout has taken all the time there was.
      if (response.status !== 503) break
    }
    return response ?? createResponse(request, 503, 'No Way to the Next Hop')
  }

  /** RFC 3263. */
  async find(uri: SipUri): Promise<readonly Peer[]> {
    return locate(this.#locating, uri)
  }

  #attempt(request: SipRequest, target: Peer): Promise<ClientOutcome> {
    return new Promise((resolve) => this.#deps.transactions.send(request, target, resolve))
  }

  #complete({ headers }: SipRequest): void {
    const { product } = this.#deps
    if (headers.get('Call-ID') === undefined) headers.append('Call-ID', newCallId())
    if (headers.get('Max-Forwards') === undefined) headers.append('Max-Forwards', '70')
    if (product && headers.get('User-Agent') === undefined) headers.append('User-Agent', product)
  }

  async #targets(request: SipRequest, to: Peer | undefined): Promise<readonly Peer[]> {
    if (to) return locateHost(this.#locating, to)
    const uri = parseSipUri(nextHop(request))
    return uri ? locate(this.#locating, uri) : []
  }

  get #locating() {
    const { resolver, transports } = this.#deps
    return { resolver, speaks: (transport: Peer['transport']) => transports.speaks(transport) }
  }
}

/** Where there is nothing to look up. */
function knownTarget(to: Peer): Peer | undefined {
  if (to.flow?.open) return to
  return isNumericHost(to.host) ? { ...to, host: normalizeHost(to.host) } : undefined
}

/** The first Route, unless its proxy is a strict router, which stands in the request-URI already (§12.2.1.1). */
function nextHop({ uri, headers }: SipRequest): string {
  const route = parseNameAddr(headers.getAll('Route')[0] ?? '')?.uri
  const loose = route !== undefined && (parseSipUri(route)?.params.has('lr') ?? false)
  return loose ? route : uri
}

function asResponse(request: SipRequest, outcome: ClientOutcome): SipResponse {
  switch (outcome.kind) {
    case 'response':
      return outcome.response
    case 'timeout':
      return createResponse(request, 408)
    case 'unreachable':
      return createResponse(request, 503, 'Next Hop Is Unreachable')
    case 'overload':
      return createResponse(request, 503, 'Too Many Requests under Way', [['Retry-After', '5']])
  }
}

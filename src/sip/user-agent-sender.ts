/** Sends requests: finds the next hop (RFC 3261 §8.1.2, RFC 3263), and tries the next one where the first fails. */

import type { Log } from '../util/log.ts'
import { SipError } from './errors.ts'
import type { SipRequest, SipResponse } from './message/message.ts'
import { createResponse, newCallId } from './message/respond.ts'
import { parseSipUri, type SipUri } from './message/uri.ts'
import { parseNameAddr } from './message/values.ts'
import type { ClientOutcome } from './transaction/client-transaction.ts'
import type { Transactions } from './transaction/transactions.ts'
import { isNumericHost, normalizeHost } from './transport/addresses.ts'
import type { Locator } from './transport/locator.ts'
import type { Peer } from './transport/transport.ts'

interface SenderDeps {
  readonly locator: Locator
  readonly transactions: Transactions
  readonly product: string | undefined
  readonly log: Log
}

/** How a request may go. */
export interface Way {
  readonly uri: string
  readonly routes: readonly string[]
  /** Where the message itself goes; without either, to the first of the routes, or the URI. */
  readonly peer?: Peer
  readonly hop?: SipUri
}

/** Of a request without Route, at least one; `SipError` where there is none. */
export type FindWays = (request: SipRequest) => Promise<readonly Way[]>

/** Called once, with the final response: the peer's, or one of ours. */
export type Answered = (response: SipResponse) => void

/** Each takes half a minute, and somebody waits for the end. */
const MAX_TIMEOUTS = 2

export class RequestSender {
  readonly #deps: SenderDeps
  #findWays: FindWays | undefined

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  /** Somebody knows better than DNS where some requests go. */
  findWaysBy(find: FindWays): void {
    this.#findWays = find
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
      if (err instanceof SipError) {
        answered(createResponse(request, err.status, err.reason))
        return
      }
      this.#deps.log.error({ what: 'sip_request_failed', method: request.method, err })
      answered(createResponse(request, 500))
    })
  }

  /** RFC 3263 §4.3: a 503, no way to the target, and no word of it within its time all lead to the next one. */
  async #tryEach(request: SipRequest, to: Peer | undefined): Promise<SipResponse> {
    let response: SipResponse | undefined
    let timeouts = 0
    for await (const target of this.#targets(request, to)) {
      const outcome = await this.#attempt(request, target)
      response = asResponse(request, outcome)
      if (!this.#hasFailed(target, outcome)) break
      if (outcome.kind === 'timeout') timeouts += 1
      if (timeouts === MAX_TIMEOUTS) break
    }
    return response ?? createResponse(request, 503, 'No Way to the Next Hop')
  }

  /** RFC 3263. */
  async find(uri: SipUri): Promise<readonly Peer[]> {
    return this.#deps.locator.find(uri)
  }

  #attempt(request: SipRequest, target: Peer): Promise<ClientOutcome> {
    return new Promise((resolve) => this.#deps.transactions.send(request, target, resolve))
  }

  /** As seen from the target: whether somebody else is to be asked now, and before it for a while. */
  #hasFailed(target: Peer, outcome: ClientOutcome): boolean {
    const { locator, log } = this.#deps
    // Who has said something has the request (§4.3), and another copy of it would be one too many.
    if (outcome.kind === 'overload' || (outcome.kind === 'timeout' && outcome.wasHeard))
      return false
    if (outcome.kind === 'response' && outcome.response.status !== 503) {
      locator.answered(target)
      return false
    }
    const { transport, host: peer, port } = target
    log.info({ what: 'sip_target_failed', transport, peer, port, result: outcome.kind })
    locator.failed(target, retryAfterMs(outcome))
    return true
  }

  #complete({ headers }: SipRequest): void {
    const { product } = this.#deps
    if (headers.get('Call-ID') === undefined) headers.append('Call-ID', newCallId())
    if (headers.get('Max-Forwards') === undefined) headers.append('Max-Forwards', '70')
    if (product && headers.get('User-Agent') === undefined) headers.append('User-Agent', product)
  }

  /** Before each of them the request is made what it is to be on that way. */
  async *#targets(request: SipRequest, to: Peer | undefined): AsyncGenerator<Peer> {
    const { locator } = this.#deps
    if (to) {
      yield* await locator.findHost(to)
      return
    }
    for (const { uri, routes, peer, hop } of await this.#waysOf(request)) {
      request.uri = uri
      if (routes.length > 0) request.headers.set('Route', ...routes)
      const next = hop ?? parseSipUri(nextHop(request))
      if (peer) yield* await locator.findHost(peer)
      else if (next) yield* await locator.find(next)
    }
  }

  /** A dialog has a route set of its own (§12.2.1.1). */
  async #waysOf(request: SipRequest): Promise<readonly Way[]> {
    if (this.#findWays && !request.headers.has('Route')) return this.#findWays(request)
    return [{ uri: request.uri, routes: request.headers.getAll('Route') }]
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

/** RFC 3261 §21.5.4: the target itself says how long it is not to be asked again. */
function retryAfterMs(outcome: ClientOutcome): number | undefined {
  if (outcome.kind !== 'response') return undefined
  const [seconds] = /^\d{1,9}/.exec(outcome.response.headers.get('Retry-After') ?? '') ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1000
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

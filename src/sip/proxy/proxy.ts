/**
 * The proxy in front of the user agent (RFC 3261 §16): decides of each request before there is a transaction for it
 * whether it is the user agent's, and sends the others on. Without state (§16.11) where it can; where the two sides
 * differ in who sees to retransmissions, or a client has several flows, by transactions of its own.
 */
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { SipError } from '../errors.ts'
import type { SipRequest, SipResponse } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import { serialize } from '../message/serializer.ts'
import { parseSipUri } from '../message/uri.ts'
import { unsupportedOptions, validateRequest } from '../message/validate.ts'
import { statelessTag } from '../transaction/keys.ts'
import type { Transactions } from '../transaction/transactions.ts'
import { toReply } from '../transport/reply.ts'
import type { Peer } from '../transport/transport.ts'
import type { Arrival, SipTransports } from '../transport/transports.ts'
import { Branches } from './branches.ts'
import { type Decision, type DecisionDeps, decide } from './decision.ts'
import { type DispatchDeps, wayTo } from './dispatch.ts'
import { Forwarder, type ForwarderDeps } from './forwarder.ts'
import { countRelayed, type Journey, unreachableStatus } from './journey.ts'
import { type PlanDeps, targetsFor } from './plan.ts'
import { RecentRelays } from './recent-relays.ts'
import type { Relay } from './relay.ts'
import { ResponseRelay } from './response-relay.ts'
import { processRoutes, type Routed } from './route-processing.ts'
import { StatefulRelay } from './stateful-relay.ts'

export interface SipProxyDeps {
  readonly clock: Clock
  readonly log: Log
  readonly secret: Buffer
  readonly transports: SipTransports
  readonly transactions: Transactions
  readonly decision: DecisionDeps
  readonly plan: PlanDeps
  readonly dispatch: DispatchDeps
  readonly forwarder: ForwarderDeps
}

type Relayed = Exclude<Decision, { kind: 'local' | 'refuse' }>

/** Seconds (§21.5.4). */
const RETRY_LATER = [['Retry-After', '10']] as const

const MAX_RECENT = 20_000
/** Requests that wait for a password to be checked, or a name to be looked up. */
const MAX_DECIDING = 2_000
/** What a proxy has to understand of Proxy-Require (§16.3 step 5). */
const PROXY_EXTENSIONS: ReadonlySet<string> = new Set(['path', 'outbound', 'gruu'])

export class SipProxy implements Relay {
  readonly #deps: SipProxyDeps
  readonly #branches: Branches
  readonly #forwarder: Forwarder
  readonly #recent: RecentRelays<Journey>
  readonly #responses: ResponseRelay
  readonly #deciding = new Map<string, Promise<void>>()

  constructor(deps: SipProxyDeps) {
    this.#deps = deps
    this.#branches = new Branches(deps.secret)
    this.#forwarder = new Forwarder(deps.forwarder)
    this.#recent = new RecentRelays(deps.clock, MAX_RECENT)
    this.#responses = new ResponseRelay({
      ...deps,
      trusts: (peer) => deps.forwarder.permission.trusts(peer),
      proofIn: (response) => this.#branches.proofIn(response),
      journey: (proof) => this.#recent.get(proof),
    })
  }

  takes(request: SipRequest, arrival: Arrival): boolean {
    if (this.#isPlain(request)) return false
    const proof = this.#branches.proofOf(request)
    const journey = this.#recent.get(proof)
    if (journey) {
      this.#again(request, journey)
      return true
    }
    const pending = this.#deciding.get(proof)
    if (pending !== undefined) {
      // Its ACK or CANCEL waits for it, a copy of itself is one too many.
      if (isFollower(request))
        pending.then(() => this.#afterwards(request, proof)).catch(() => undefined)
      return true
    }
    return this.#isForOthers(request, arrival, proof)
  }

  response(response: SipResponse, arrival?: Arrival): boolean {
    return this.#responses.relay(response, arrival)
  }

  /** Nearly everything: for one of our domains or addresses, by a method that the user agent has a use for. */
  #isPlain({ method, uri, headers }: SipRequest): boolean {
    const { own, rules, handles } = this.#deps.decision
    if (rules.size > 0 || !handles(method) || headers.has('Route')) return false
    const target = parseSipUri(uri)
    return target === undefined || (!target.params.has('gr') && own.isOurs(target))
  }

  #isForOthers(request: SipRequest, arrival: Arrival, proof: string): boolean {
    const { decision } = this.#deps
    const routed = processRoutes(request, {
      own: decision.own,
      tokens: this.#deps.forwarder.tokens,
    })
    // The user agent has the words for a request that is none.
    if (!routed || (request.method !== 'ACK' && validateRequest(request))) return false
    const found = decide(request, routed, decision)
    if (found.kind === 'local') return false
    const work = this.#relay(request, arrival, { routed, found, proof })
    const done = work.catch((error: unknown) => this.#refuse(request, arrival, error))
    this.#deciding.set(proof, done)
    done.finally(() => this.#deciding.delete(proof)).catch(() => undefined)
    return true
  }

  async #relay(
    request: SipRequest,
    arrival: Arrival,
    {
      routed,
      found,
      proof,
    }: { routed: Routed; found: Exclude<Decision, { kind: 'local' }>; proof: string },
  ): Promise<void> {
    if (found.kind === 'refuse') throw new SipError(found.status, found.reason)
    const isCrowded = this.#deciding.size > MAX_DECIDING
    if (isCrowded || !this.#deps.transactions.admits(request, arrival))
      throw new SipError(503, undefined, RETRY_LATER)
    const loop = this.#branches.loopOf(request)
    if (this.#branches.isLoop(request, loop)) throw new SipError(482)
    requireExtensions(request)
    const journey = await this.#begin(request, arrival, { routed, found, proof, loop })
    this.#recent.add(proof, request.method, journey)
    if (journey.isStateful) this.#statefully(request, arrival, journey)
    else this.#write(request, arrival, journey)
  }

  async #begin(
    request: SipRequest,
    arrival: Arrival,
    { routed, found, proof, loop }: { routed: Routed; found: Relayed; proof: string; loop: string },
  ): Promise<Journey> {
    const { transports, forwarder, plan } = this.#deps
    const source: Peer = {
      ...arrival.source,
      transport: arrival.flow.transport,
      flow: arrival.flow,
    }
    const sender = await forwarder.permission.require(request, source, found.allow)
    const targets = await targetsFor(
      request,
      routed,
      { decision: found, isTrusted: sender.isTrusted },
      plan,
    )
    const [first] = targets
    if (!first) throw new SipError(480)
    const way = await wayTo(first, onwardBytes(request), this.#deps.dispatch)
    const crosses = (arrival.flow.transport === 'udp') !== (way.flow.transport === 'udp')
    return {
      ...{ proof, loop, source, sender, targets, way },
      back: transports.routeBack(request, arrival),
      recordRoute: found.recordRoute,
      attempt: 0,
      isStateful: !isFollower(request) && (crosses || targets.length > 1),
      isCancelled: false,
    }
  }

  #statefully(request: SipRequest, arrival: Arrival, journey: Journey): void {
    const { transactions, clock, dispatch } = this.#deps
    const inbound = transactions.adopt(request, arrival)
    if (!inbound) throw new SipError(503, undefined, RETRY_LATER)
    countRelayed(request, 'stateful')
    new StatefulRelay(
      { transactions, clock, dispatch, forwarder: this.#forwarder },
      { request, inbound, journey },
    ).start()
  }

  #write(request: SipRequest, arrival: Arrival, journey: Journey): void {
    countRelayed(request, 'stateless')
    this.#forwarder.write(request, journey, () => {
      this.#refuse(request, arrival, new SipError(unreachableStatus(journey)))
    })
  }

  /** A copy, an ACK or a CANCEL of what went before goes the same way. */
  #again(request: SipRequest, journey: Journey): void {
    if (request.method === 'CANCEL') journey.isCancelled = true
    else if (journey.isStateful) return
    const { source, way } = journey
    if (!source.flow) return
    const arrival = { flow: source.flow, source }
    if (way.flow.open) this.#write(request, arrival, journey)
    else if (!isFollower(request))
      this.#refuse(request, arrival, new SipError(unreachableStatus(journey)))
  }

  #afterwards(request: SipRequest, proof: string): void {
    const journey = this.#recent.get(proof)
    if (journey) this.#again(request, journey)
  }

  /** §16.11: a refusal without a transaction; an ACK is never answered. */
  #refuse(request: SipRequest, arrival: Arrival, error: unknown): void {
    if (!(error instanceof SipError)) {
      this.#deps.log.error({ what: 'sip_relay_failed', method: request.method, err: error })
    }
    const { status, reason, headers } = error instanceof SipError ? error : new SipError(500)
    countRelayed(request, status)
    if (request.method === 'ACK') return
    const response = createResponse(request, status, reason, {
      headers,
      toTag: statelessTag(request),
    })
    const { transports } = this.#deps
    transports.sendResponse(toReply(response), transports.routeBack(request, arrival))
  }
}

/** Via, Record-Route and what else we add make it longer. */
const ADDED_BYTES = 400

function onwardBytes(request: SipRequest): number {
  return serialize(request).length + ADDED_BYTES
}

function isFollower({ method }: SipRequest): boolean {
  return method === 'ACK' || method === 'CANCEL'
}

function requireExtensions(request: SipRequest): void {
  const unsupported = unsupportedOptions(request, PROXY_EXTENSIONS, 'Proxy-Require')
  if (unsupported.length === 0) return
  throw new SipError(420, undefined, [['Unsupported', unsupported.join(', ')]])
}

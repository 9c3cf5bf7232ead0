/**
 * The user agent core (RFC 3261 §8): requests in by method, requests out with their final response.
 */
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { OverloadGuard } from '../util/overload.ts'
import type { TrustedPeers } from './auth/trusted-peers.ts'
import { SipError } from './errors.ts'
import type { SipRequest, SipResponse } from './message/message.ts'
import { createResponse } from './message/respond.ts'
import type { SipUri } from './message/uri.ts'
import type { Relay } from './proxy/relay.ts'
import { statelessTag } from './transaction/keys.ts'
import { KNOWN_METHODS } from './transaction/methods.ts'
import type { PeerRates } from './transaction/peer-rates.ts'
import type { InboundTransaction } from './transaction/server-transaction.ts'
import type { TimerBase } from './transaction/timers.ts'
import { type TransactionLimits, Transactions } from './transaction/transactions.ts'
import { uriHost } from './transport/addresses.ts'
import { DnsCache } from './transport/dns/dns-cache.ts'
import { dnsSource } from './transport/dns/dns-source.ts'
import type { NameResolver } from './transport/dns/records.ts'
import { Locator } from './transport/locator.ts'
import { type Flow, isWebSocket, type Peer } from './transport/transport.ts'
import type { SipTransports } from './transport/transports.ts'
import { type Capabilities, CapabilityList } from './user-agent-capabilities.ts'
import { admit } from './user-agent-checks.ts'
import { type Answered, type FindWays, RequestSender } from './user-agent-sender.ts'

export type { Endpoint, Flow, Peer, TransportName } from './transport/transport.ts'
export type { Capabilities } from './user-agent-capabilities.ts'

/** A request that waits for our answer. */
export interface ServerTransaction {
  readonly request: SipRequest
  readonly source: Peer
  /** The peer needs no digest: its address, or the name in its certificate, is configured as trusted. */
  readonly trusted: boolean
  /** Our Contact URI as this peer reaches us, e.g. `sip:192.0.2.1:5060;transport=tcp`. */
  readonly contact: string
  /** Provisional responses any number of times, one final one; what comes after that is dropped and logged. */
  respond(response: SipResponse): void
}

/** What relaying stands on. */
export interface RelayParts {
  readonly transactions: Transactions
  /** RFC 3263. */
  find(uri: SipUri): Promise<readonly Peer[]>
}

/** Throws `SipError`, which becomes the response; anything else is logged and answered 500. */
export type RequestHandler = (tx: ServerTransaction) => void | Promise<void>

export interface UserAgentDeps {
  readonly clock: Clock
  readonly log: Log
  /** Not listening yet: nothing may arrive before the handlers are there. */
  readonly transports: SipTransports
  readonly trustedPeers?: TrustedPeers
  /** Without it the system's name servers are asked. */
  readonly resolver?: NameResolver | undefined
  /** How long a next hop that failed is tried last, in milliseconds. */
  readonly failedMs?: number | undefined
  readonly timers?: TimerBase
  readonly limits?: Partial<TransactionLimits>
  /** Says when what is new is to be refused. */
  readonly overload?: OverloadGuard | undefined
  readonly peerRates?: PeerRates | undefined
  /** For User-Agent and Server headers; without it there are none. */
  readonly product?: string
}

/** Later than this the client has given up (64·T1), and the transaction must not wait for ever. */
const HANDLER_DEADLINE_MS = 30_000

export class SipUserAgent {
  readonly #clock: Clock
  readonly #log: Log
  readonly #transports: SipTransports
  readonly #trustedPeers: TrustedPeers | undefined
  readonly #transactions: Transactions
  readonly #sender: RequestSender
  readonly #capabilities = new CapabilityList()
  readonly #handlers = new Map<string, RequestHandler>()
  /** Of each flow the last; one nearly always shows the same address. */
  readonly #contacts = new WeakMap<Flow, { readonly remote: string; readonly contact: string }>()
  readonly #product: string | undefined

  constructor(deps: UserAgentDeps) {
    const { clock, log, transports, timers, limits, product } = deps
    this.#clock = clock
    this.#log = log
    this.#transports = transports
    this.#trustedPeers = deps.trustedPeers
    this.#product = product
    this.#transactions = new Transactions(
      {
        clock,
        log,
        transports,
        timers,
        limits,
        overload: deps.overload,
        peerRates: deps.peerRates,
      },
      (inbound, request) => this.#dispatch(inbound, request),
    )
    const locator = new Locator({
      clock,
      resolver: deps.resolver ?? new DnsCache({ clock, log, source: dnsSource([]) }),
      speaks: (transport) => transports.speaks(transport),
      preferred: (host) => transports.preferredTransport(host),
      failedMs: deps.failedMs,
    })
    transports.findSendersBy(locator)
    this.#sender = new RequestSender({
      locator,
      transactions: this.#transactions,
      product,
      log,
    })
    this.handle('OPTIONS', (tx) => this.#options(tx))
  }

  /** One handler a method; the Allow header follows from what is registered. Throws on a second one. */
  handle(method: string, handler: RequestHandler): void {
    if (this.#handlers.has(method)) throw new Error(`there is a handler for ${method}`)
    this.#handlers.set(method, handler)
  }

  /** Adds to what OPTIONS answers and to the option tags that Require may name. */
  contribute(capabilities: Capabilities): void {
    this.#capabilities.add(capabilities)
  }

  /**
   * Sends a request; `answered` is called once with its final response, perhaps before this returns.
   * Via is added here, Call-ID, Max-Forwards and User-Agent where they are missing; `request.leaving` is
   * called each time before the request becomes bytes.
   * Without `to`, the topmost Route or the request-URI is resolved (RFC 3263), and the next target tried
   * where one cannot be reached or answers 503. Made here: 408 on timeout, 503 on transport errors.
   */
  send(request: SipRequest, to: Peer | undefined, answered: Answered): void {
    this.#sender.send(request, to, answered)
  }

  /** As `send`; never rejects for what the network does. */
  request(request: SipRequest, to?: Peer): Promise<SipResponse> {
    return new Promise((resolve) => this.#sender.send(request, to, resolve))
  }

  /** Our Contact URI as `peer` reaches us. */
  contactFor(peer: Peer): string {
    const { transport, flow } = peer
    const known = flow && this.#contacts.get(flow)
    if (known?.remote === peer.host && flow?.open) return known.contact
    const { host, port } = this.#transports.localEndpoint(peer)
    // RFC 7118 §5.2.2: the same for both kinds.
    const named = isWebSocket(transport) ? 'ws' : transport
    const suffix = transport === 'udp' ? '' : `;transport=${named}`
    const contact = `sip:${uriHost(host)}:${port}${suffix}`
    if (flow) this.#contacts.set(flow, { remote: peer.host, contact })
    return contact
  }

  /** Whether there is a handler, so that a request of this method for us makes sense. */
  handles(method: string): boolean {
    return this.#handlers.has(method)
  }

  /** Somebody sees every request before there is a transaction for it; to be called before listening. */
  relayBy(make: (parts: RelayParts) => Relay): void {
    this.#transactions.relayBy(
      make({ transactions: this.#transactions, find: (uri) => this.#sender.find(uri) }),
    )
  }

  /** Ways of our own requests; to be called before listening. */
  findWaysBy(find: FindWays): void {
    this.#sender.findWaysBy(find)
  }

  /** Ends what waits. The transports are closed by their owner, after this. */
  close(): void {
    this.#transactions.close()
  }

  /** CANCEL is always answered; ACK is INVITE's. */
  get #allow(): string {
    const methods = [...this.#handlers.keys(), 'CANCEL']
    return (this.#handlers.has('INVITE') ? [...methods, 'ACK'] : methods).join(', ')
  }

  #dispatch(inbound: InboundTransaction, request: SipRequest): void {
    this.#run(inbound, request).catch((error: unknown) => this.#refuse(inbound, error))
  }

  async #run(inbound: InboundTransaction, request: SipRequest): Promise<void> {
    admit(request, this.#capabilities.supported)
    if (request.method === 'CANCEL') {
      this.#cancel(inbound, request)
      return
    }
    const handler = this.#handlers.get(request.method)
    if (!handler) throw this.#unsupported(request.method)
    const working = handler(this.#present(inbound, request))
    if (inbound.answered) return working
    const deadline = this.#clock.after(HANDLER_DEADLINE_MS, () => this.#overdue(inbound))
    try {
      await working
    } finally {
      if (inbound.answered) deadline.cancel()
    }
  }

  /** §8.2.1: a method that SIP knows is not allowed here; one that it does not know is not implemented. */
  #unsupported(method: string): SipError {
    const allow = [['Allow', this.#allow]] as const
    return new SipError(KNOWN_METHODS.has(method) ? 405 : 501, undefined, allow)
  }

  #present(inbound: InboundTransaction, request: SipRequest): ServerTransaction {
    const { source } = inbound
    return {
      request,
      source,
      trusted: this.#trusts(source),
      contact: this.contactFor(source),
      respond: (response) => this.#respond(inbound, response),
    }
  }

  /** A browser says what any web page has it say: where it is does not count. */
  #trusts({ transport, host, flow }: Peer): boolean {
    if (isWebSocket(transport)) return false
    return this.#trustedPeers?.trusts(host, flow?.provenNames ?? []) ?? false
  }

  #respond(inbound: InboundTransaction, response: SipResponse): void {
    if (this.#product && !response.headers.has('Server')) {
      response.headers.append('Server', this.#product)
    }
    if (inbound.respond(response)) return
    const { method } = inbound
    this.#log.debug({ what: 'sip_response_too_late', method, status: response.status })
  }

  #refuse(inbound: InboundTransaction, error: unknown): void {
    const { request, method } = inbound
    if (!(error instanceof SipError)) {
      this.#log.error({ what: 'sip_handler_failed', method, err: error })
    }
    if (!request) return
    const { status, reason, headers, body } = error instanceof SipError ? error : new SipError(500)
    if (method === 'INVITE' && !this.#handlers.has(method)) {
      // §17.2.1 would have the refusal of every INVITE repeated ten times, to whoever it says that it comes from.
      const toTag = statelessTag(request)
      inbound.respondStateless(createResponse(request, status, reason, { headers, toTag }))
      return
    }
    this.#respond(inbound, createResponse(request, status, reason, { headers, body }))
  }

  #overdue(inbound: InboundTransaction): void {
    const { request, method, isTerminated } = inbound
    if (!request || isTerminated) return
    this.#log.error({ what: 'sip_handler_overdue', method })
    this.#respond(inbound, createResponse(request, 500))
  }

  /** §9.2: the CANCEL is answered on its own; what it names ends with 487 if it still can. */
  #cancel(inbound: InboundTransaction, cancel: SipRequest): void {
    const target = this.#transactions.cancelled(cancel)
    if (!target) throw new SipError(481)
    this.#respond(inbound, createResponse(cancel, 200))
    if (target !== 'answered' && target.request?.method === 'INVITE') {
      this.#respond(target, createResponse(target.request, 487))
    }
  }

  /** §11.2. */
  #options(tx: ServerTransaction): void {
    const fields = [['Allow', this.#allow] as const, ...this.#capabilities.fields()]
    tx.respond(createResponse(tx.request, 200, undefined, fields))
  }
}

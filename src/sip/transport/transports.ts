/**
 * The transport layer (RFC 3261 §18): listeners, connections, and which of them a message takes.
 */
import { Socket } from 'node:net'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import type { Beating } from '../../net/heartbeats.ts'
import type { AcceptedWebSocket } from '../../net/websocket-endpoint.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { Backlog } from '../../util/overload.ts'
import type { SipRequest } from '../message/message.ts'
import { type ParseResult, parseSipDatagram } from '../message/parser.ts'
import { localAddressTowards, normalizeHost } from './addresses.ts'
import { Aliases } from './aliases.ts'
import { provesDomain } from './certificate-names.ts'
import { ConnectionTable, connectionKey } from './connection-table.ts'
import { dial, type TlsClientSettings, tlsCheck } from './dial.ts'
import { DEFAULT_TRANSPORT_LIMITS, type TransportLimits } from './limits.ts'
import { Listeners, type Listening } from './listeners.ts'
import type { Locator } from './locator.ts'
import { stunReceived } from './metrics.ts'
import { PeerRules } from './peer-rules.ts'
import { type Arrival, type Inbox, Reception } from './reception.ts'
import type { Reply } from './reply.ts'
import { type Fallback, type ResponseRoute, responseRoute } from './response-route.ts'
import { type ConnectionOwner, type OpenedByUs, StreamConnection } from './stream-connection.ts'
import { StreamListener } from './stream-listener.ts'
import { isStun } from './stun/stun-message.ts'
import { StunResponder } from './stun/stun-responder.ts'
import {
  type Connection,
  defaultPort,
  type Endpoint,
  type Flow,
  isWebSocket,
  type Peer,
  type TransportName,
} from './transport.ts'
import { UdpBacklog } from './udp-backlog.ts'
import { UdpListener } from './udp-listener.ts'
import { WebSocketConnection } from './websocket/websocket-connection.ts'

export interface TransportDeps {
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<TransportLimits>
  /** The host name or address to show in Via and Contact instead of the local address. */
  readonly advertise?: string | undefined
  /** Without it, TLS peers are verified against the system's authorities, and we show no certificate. */
  readonly tlsClient?: TlsClientSettings | undefined
  /** Without it all peers are treated alike. */
  readonly rules?: PeerRules | undefined
}

export type { Listening } from './listeners.ts'
export type { Arrival, Inbox } from './reception.ts'

/** What the transaction layer needs of the transports. */
export interface Carrier {
  /** Requests to the peer that are longer leave UDP for TCP (RFC 3261 §18.1.1). */
  maxUdpRequestBytes(peer: Peer): number
  deliverTo(inbox: Inbox): void
  acquire(peer: Peer): Flow | Promise<Flow>
  routeBack(request: SipRequest, arrival: Arrival): ResponseRoute
  sendResponse(reply: Reply, route: ResponseRoute): void
}

export class SipTransports implements Carrier {
  readonly limits: TransportLimits
  readonly #clock: Clock
  readonly #log: Log
  readonly #advertise: string | undefined
  readonly #tlsClient: TlsClientSettings | undefined
  readonly #rules: PeerRules
  readonly #stun: StunResponder
  readonly #table: ConnectionTable
  readonly #aliases = new Aliases()
  readonly #reception: Reception
  readonly #listeners = new Listeners()
  readonly #dialling = new Map<string, Promise<Flow>>()
  readonly #flowListeners = new Set<(flow: Flow) => void>()
  readonly #owner: ConnectionOwner
  #locator: Locator | undefined
  #closed = false

  constructor({ clock, log, limits, advertise, tlsClient, rules }: TransportDeps) {
    this.#clock = clock
    this.#log = log
    this.limits = { ...DEFAULT_TRANSPORT_LIMITS, ...limits }
    this.#advertise = advertise
    this.#tlsClient = tlsClient
    this.#rules = rules ?? new PeerRules([])
    this.#stun = new StunResponder(clock)
    this.#table = new ConnectionTable(this.limits)
    this.#reception = new Reception(log, (reply, route) => this.sendResponse(reply, route))
    this.#owner = {
      ...{ clock, log, limits: this.limits, advertise },
      received: (result, flow) => this.#received(result, flow),
      closed: (flow) => this.#left(flow),
    }
  }

  /** To be called once, before listening. */
  deliverTo(inbox: Inbox): void {
    this.#reception.deliverTo(inbox)
  }

  /** For answers that cannot go where their requests came from. */
  findSendersBy(locator: Locator): void {
    this.#locator = locator
  }

  /** The listen calls resolve with the bound address and reject with what the system said (`EADDRINUSE`, …). */
  async listenUdp(at: Endpoint): Promise<Endpoint> {
    const listener = new UdpListener(
      {
        log: this.#log,
        advertise: this.#advertise,
        received: (bytes, source, flow) => this.#datagram(bytes, { flow, source }),
      },
      at,
    )
    const bound = await listener.listen()
    this.#listeners.udp.push(listener)
    return bound
  }

  listenTcp(at: Endpoint): Promise<Endpoint> {
    return this.#listenStream('tcp', at)
  }

  /** `tls` as for `tls.createServer`; client certificates are asked for and checked against its `ca`. */
  listenTls(at: Endpoint, tls: TlsOptions): Promise<Endpoint> {
    return this.#listenStream('tls', at, tls)
  }

  hasRoomFor(host: string, transport: TransportName): boolean {
    return this.#table.hasRoomFor(host, transport)
  }

  /** `undefined`, and the WebSocket cut off, where there is no room for it. */
  acceptWebSocket({ socket, stream, caller }: AcceptedWebSocket): Beating | undefined {
    const host = normalizeHost(caller.address)
    const transport = caller.isEncrypted ? 'wss' : 'ws'
    const seat = this.#closed ? undefined : this.#table.admit(host, transport)
    if (!seat) {
      socket.terminate()
      return undefined
    }
    socket.once('close', () => seat.release())
    const below = stream instanceof Socket ? stream : undefined
    const local = normalizeHost(below?.localAddress ?? '127.0.0.1')
    const connection = new WebSocketConnection(this.#owner, {
      ...{ socket, stream },
      transport,
      remote: { host, port: below?.remotePort ?? 0 },
      local: { host: this.#advertise ?? local, port: below?.localPort ?? 0 },
    })
    this.#table.add(connection)
    return connection
  }

  closeWebSockets(): void {
    for (const connection of this.#table.all()) {
      if (isWebSocket(connection.transport)) connection.close()
    }
  }

  /** A new certificate for the TLS handshakes to come. */
  renewTls(options: SecureContextOptions): void {
    this.#listeners.renew(options)
  }

  /** Tells of connections that have closed: whoever was reached by one cannot be any more. */
  onFlowClosed(listener: (flow: Flow) => void): Disposable {
    this.#flowListeners.add(listener)
    return { [Symbol.dispose]: () => void this.#flowListeners.delete(listener) }
  }

  /** What waits in the kernel to be read. */
  get udpBacklogs(): readonly Backlog[] {
    return this.#listeners.udp.map((listener) => new UdpBacklog(this.#clock, listener))
  }

  /** The connections that are open now. */
  get connections(): number {
    return this.#table.size
  }

  maxUdpRequestBytes(peer: Peer): number {
    return this.#rules.for(peer)?.maxUdpRequestBytes ?? this.limits.maxUdpRequestBytes
  }

  /** By what a host or domain is to be reached where nothing else says. */
  preferredTransport(host: string): TransportName | undefined {
    return this.#rules.for({ host })?.transport
  }

  /** Where it listens. */
  get listening(): readonly Listening[] {
    return this.#listeners.bound
  }

  speaks(transport: TransportName): boolean {
    if (transport === 'udp') return this.#listeners.udp.length > 0
    if (isWebSocket(transport)) return false
    return (
      transport === 'tcp' ||
      this.#tlsClient !== undefined ||
      this.#listeners.portOf('tls') !== undefined
    )
  }

  /**
   * A way to the peer: its own flow, an open connection, a UDP listener, or a new connection.
   * Rejects (or throws) where there is none. A name instead of an address must have been looked up before.
   */
  acquire(peer: Peer): Flow | Promise<Flow> {
    if (peer.flow?.open) return peer.flow
    if (peer.transport === 'udp') return this.#listeners.udpTowards(peer.host)
    if (isWebSocket(peer.transport)) throw new Error('a WebSocket that is gone cannot be opened')
    const open = this.#table.get(peer)
    if (open && this.#mayCarry(open, peer)) return open
    const alias = this.#aliases.find(peer)
    if (alias) return alias
    const key = `${connectionKey(peer.transport, peer.host, peer.port)} ${peer.domain ?? ''}`
    const pending = this.#dialling.get(key)
    if (pending !== undefined) return pending
    const opening = this.#dial(peer).finally(() => this.#dialling.delete(key))
    this.#dialling.set(key, opening)
    return opening
  }

  /** The open connection to there, or the UDP listener that reaches it; nothing is opened. */
  existing(peer: Peer): Flow | undefined {
    if (peer.transport === 'udp') return this.#listeners.udpReaching(peer.host)
    return this.#table.get(peer)
  }

  /** What we are called by a peer, for Via and Contact. */
  localEndpoint(peer: Peer): Endpoint {
    if (peer.flow?.open) return peer.flow.localEndpoint(peer)
    const { transport } = peer
    if (transport === 'udp') return this.#listeners.udpTowards(peer.host).localEndpoint(peer)
    const port = this.#listeners.portOf(transport) ?? defaultPort(transport)
    return { host: this.#advertise ?? localAddressTowards(peer.host), port }
  }

  /** Where a request's responses go (§18.2.2, RFC 3581 §4). */
  routeBack(request: SipRequest, arrival: Arrival): ResponseRoute {
    return responseRoute(request, arrival)
  }

  /** The flow of the request; where that is gone, new connections: to where it came from, then as its Via says. */
  sendResponse({ status, bytes }: Reply, route: ResponseRoute): void {
    const failed = (error: Error) => {
      this.#log.info({ what: 'sip_response_lost', status, error: error.message })
    }
    if (route.flow.open) {
      route.flow.write(bytes, route.to, failed)
      return
    }
    const { fallback } = route
    if (!fallback || this.#closed) return
    this.#wayTo(fallback).then((peer) => peer.flow.write(bytes, peer, failed), failed)
  }

  /** RFC 3261 §18.2.2, RFC 3263 §5: where nobody accepts, the next one. Rejects with the last failure. */
  async #wayTo({ peer, via }: Fallback): Promise<Peer & { readonly flow: Flow }> {
    try {
      return { ...peer, flow: await this.acquire(peer) }
    } catch (error) {
      let last = error
      for (const other of (await this.#locator?.findSender(via)) ?? []) {
        if (other.host === peer.host && other.port === peer.port) continue
        try {
          return { ...other, flow: await this.acquire(other) }
        } catch (failure) {
          last = failure
        }
      }
      throw last
    }
  }

  /** Stops listening, then closes every connection after what it still has to write. */
  async close(): Promise<void> {
    this.#closed = true
    const closed = this.#listeners.close()
    for (const connection of this.#table.all()) connection.close()
    await closed
  }

  async #listenStream(transport: 'tcp' | 'tls', at: Endpoint, tls?: TlsOptions): Promise<Endpoint> {
    const deps = {
      table: this.#table,
      transport,
      handshakeMs: this.limits.firstMessageMs,
      accepted: (socket: Socket, provenNames: readonly string[]) => {
        this.#connected({ transport, socket, provenNames, localPort: listener.bound.port })
      },
    }
    const listener = new StreamListener(deps, at, tls)
    const bound = await listener.listen()
    this.#listeners.streams.push({ transport, listener })
    return bound
  }

  /** RFC 5922 §4: what is meant for a domain only goes to who has proven to be it. */
  #mayCarry({ transport, provenNames }: Flow, peer: Peer): boolean {
    if (transport !== 'tls' || peer.domain === undefined) return true
    if (provesDomain(provenNames, peer.domain)) return true
    return tlsCheck(this.#tlsClient, this.#rules.for(peer)) !== 'name'
  }

  async #dial(peer: Peer): Promise<Flow> {
    const transport = peer.transport === 'tls' ? 'tls' : 'tcp'
    if (this.#closed) throw new Error('the server is closing')
    const seat = this.#table.admit(peer.host, transport)
    if (!seat) throw new Error('too many connections')
    const { connectMs, keepAliveMs } = this.limits
    const rule = this.#rules.for(peer)
    try {
      const deps = { clock: this.#clock, tls: this.#tlsClient, connectMs, rule }
      const dialled = await dial(deps, peer)
      dialled.socket.once('close', () => seat.release())
      const localPort = this.#listeners.portOf(transport) ?? defaultPort(transport)
      const offersAlias = transport === 'tls' && this.#listeners.portOf('tls') !== undefined
      const ours = { keepAliveMs: rule?.keepAliveMs ?? keepAliveMs, offersAlias }
      return this.#connected({ ...dialled, transport, localPort, remote: peer, ours })
    } catch (error) {
      seat.release()
      throw error
    }
  }

  #connected({ socket, remote, ...facts }: Connected): StreamConnection {
    const host = normalizeHost(socket.remoteAddress ?? remote?.host ?? '')
    const port = socket.remotePort ?? remote?.port ?? 0
    const connection = new StreamConnection(this.#owner, socket, {
      ...facts,
      remote: { host, port },
    })
    this.#table.add(connection)
    if (this.#closed) connection.close()
    return connection
  }

  #received(result: ParseResult, flow: Connection): void {
    const isAsked = flow.provenNames.length > 0 && result.kind === 'message'
    if (isAsked && result.message.kind === 'request') this.#aliases.learn(result.message, flow)
    this.#reception.receive(result, { flow, source: flow.remote })
  }

  #left(connection: Connection): void {
    this.#table.remove(connection)
    this.#aliases.forget(connection)
    this.#reception.flowClosed(connection)
    for (const listener of this.#flowListeners) listener(connection)
  }

  #datagram(bytes: Buffer, arrival: Arrival): void {
    if (bytes.length > this.limits.maxMessageBytes) return
    if (isStun(bytes)) {
      this.#keepAlive(bytes, arrival)
      return
    }
    this.#reception.receive(parseSipDatagram(bytes), arrival)
  }

  #keepAlive(bytes: Buffer, { flow, source }: Arrival): void {
    const answer = this.limits.answersStun ? this.#stun.answer(bytes, source) : undefined
    stunReceived.inc({ result: answer ? 'answered' : 'dropped' })
    if (answer) flow.write(answer, source)
  }
}

interface Connected {
  readonly socket: Socket
  readonly transport: 'tcp' | 'tls'
  readonly provenNames: readonly string[]
  readonly localPort: number
  /** Where we called, for a socket that lost its own address meanwhile. */
  readonly remote?: Endpoint
  /** Of a connection that we opened. */
  readonly ours?: OpenedByUs
}

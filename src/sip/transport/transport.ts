/** The words that transports, transactions and the user agent share: who is at the other end, and by which way. */

/** WebSockets, plain and in TLS (RFC 7118 §5.1), are taken and never opened. */
export type TransportName = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'

/** An IP address in text form, without brackets, and a port. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** An open way to a peer: a connection, or the UDP listener that heard it. */
export interface Flow {
  /** Unique in this process; for logs, and to recognise a flow that has been lost. */
  readonly id: number
  readonly transport: TransportName
  /** False once a connection has closed; a UDP listener stays open as long as the server. */
  readonly open: boolean
  /** Names that the peer's certificate proved (RFC 5922 §7.1); empty without mutual TLS. */
  readonly provenNames: readonly string[]
  /** The peer may send requests to us by it (RFC 5923 §8.1). */
  readonly offersAlias?: boolean
  /** What we are called by this peer, for Via and Contact: the advertised or the local address. */
  localEndpoint(remote: Endpoint): Endpoint
  /**
   * For the transaction layer. `to` matters on UDP only. `failed` is called at most once, now or later,
   * where the bytes could not be written; a connection that fails closes as well.
   */
  write(bytes: Buffer, to: Endpoint, failed?: (error: Error) => void): void
}

/** A flow that is one peer's. */
export interface Connection extends Flow {
  readonly remote: Endpoint
  close(): void
}

/** Where a message came from, or shall go. */
export interface Peer {
  readonly transport: TransportName
  /** An IP address, or a host name which is then looked up. */
  readonly host: string
  readonly port: number
  /** Used as long as it is open; otherwise a new flow to `host` and `port` is opened. */
  readonly flow?: Flow
  /** The name that a TLS peer must prove when we connect to it (RFC 5922 §4); default `host`. */
  readonly domain?: string
}

/** RFC 3261 §19.1.2, RFC 7118 §5.2.4. */
const DEFAULT_PORTS: Readonly<Record<TransportName, number>> = {
  udp: 5060,
  tcp: 5060,
  tls: 5061,
  ws: 80,
  wss: 443,
}

export function defaultPort(transport: TransportName): number {
  return DEFAULT_PORTS[transport]
}

export function isWebSocket(transport: TransportName): transport is 'ws' | 'wss' {
  return transport === 'ws' || transport === 'wss'
}

/** Via's transport token or a URI's `transport` parameter; `undefined` for one that we do not speak. */
export function parseTransportName(text: string): TransportName | undefined {
  const name = text.toLowerCase()
  return isTransportName(name) ? name : undefined
}

function isTransportName(name: string): name is TransportName {
  return Object.hasOwn(DEFAULT_PORTS, name)
}

let lastFlowId = 0

export function nextFlowId(): number {
  lastFlowId += 1
  return lastFlowId
}

/** What a peer may take of us. Times in milliseconds, sizes in bytes. */
export interface TransportLimits {
  /** Accepted and opened connections together. */
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** Of them, those in TLS. */
  readonly maxTlsConnections: number
  /** From accepting a connection to its first complete message, TLS handshake included. */
  readonly firstMessageMs: number
  /** Without a complete message or keep-alive. Longer than the hour that registrations usually last; Infinity for ever. */
  readonly idleMs: number
  /** From the first byte of a message to its last, and from an answer that fills the socket until it is read. */
  readonly stallMs: number
  readonly connectMs: number
  readonly maxMessageBytes: number
  /** Unsent bytes of one connection; a peer that does not read loses it. */
  readonly maxQueuedBytes: number
  /** RFC 3261 §18.1.1: longer requests leave UDP for TCP. */
  readonly maxUdpRequestBytes: number
  /** How often a peer whose connection we opened is asked for a sign of life (RFC 5626 §4.4.1); 0 for never. */
  readonly keepAliveMs: number
  /** RFC 5626 §8. */
  readonly answersStun: boolean
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  maxConnections: 20_000,
  maxConnectionsPerAddress: 1_000,
  maxTlsConnections: 20_000,
  firstMessageMs: 15_000,
  idleMs: 3_900_000,
  stallMs: 32_000,
  connectMs: 4_000,
  maxMessageBytes: 262_144,
  maxQueuedBytes: 1_048_576,
  maxUdpRequestBytes: 1_300,
  keepAliveMs: 0,
  answersStun: true,
}

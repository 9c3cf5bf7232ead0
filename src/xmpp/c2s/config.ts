import type { CertificateFallback } from '../sasl/certified-client.ts'

/** What client streams need to know. Times in milliseconds, sizes in bytes. */
export interface C2sConfig {
  /** SASL without TLS, and TLS not demanded: for benchmarks on loopback. */
  readonly plaintextAuth: boolean
  /** Of one stanza, before and after sign-in (RFC 6120 §13.12). */
  readonly maxStanzaBytesBeforeAuth: number
  readonly maxStanzaBytes: number
  /** From the connection to a bound resource. */
  readonly authTimeoutMs: number
  /** Silence after which the client is asked for a sign of life. */
  readonly idleTimeoutMs: number
  /** How long it may take to give it. */
  readonly idleGraceMs: number
  readonly resourceConflict: 'replace' | 'refuse' | 'rename'
  readonly maxConnections: number
  /** From one IPv4 address, or one /64 of IPv6. */
  readonly maxConnectionsPerAddress: number
  readonly maxResourcesPerUser: number
  /** What a client may leave unread. */
  readonly maxQueuedBytes: number
  /** Stanzas that a client may leave unacknowledged (XEP-0198). */
  readonly maxUnacknowledged: number
  /** How long a session waits for its client (XEP-0198 §5); 0 where none does. */
  readonly resumeForMs: number
  /** What one client may say for ever, and all from one address together; 0 for any amount. Ten times as much at once. */
  readonly maxBytesPerSecond: number
  readonly maxStanzasPerSecond: number
  readonly maxBytesPerSecondPerAddress: number
  readonly maxStanzasPerSecondPerAddress: number
  /** Wrong passwords from one address before it has to wait; 20 where not given. */
  readonly maxSignInFailures?: number | undefined
  /** What names the account in a client's certificate without an XMPP address; nothing where not given. */
  readonly certificateFallback?: CertificateFallback | undefined
}

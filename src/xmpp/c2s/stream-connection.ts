/** What carries a client's stream, whatever its transport: TCP (RFC 6120 §3), or another binding. */
import type { ChannelBindingType, PeerCertificate } from '../../net/link.ts'
import type { Wire } from '../session.ts'

export interface StreamConnection extends Wire {
  /** Who it is where limits are per address. */
  readonly source: string
  readonly isEncrypted: boolean
  readonly isOpen: boolean
  /** When the client was last heard, milliseconds since the epoch. */
  readonly lastHeard: number
  /** `undefined` without TLS, and where the type does not apply to it. */
  channelBinding(type: ChannelBindingType): Buffer | undefined
  /** Types to offer (XEP-0440), strongest first; none where the stream has no TLS of its own to be bound to. */
  readonly channelBindings: readonly ChannelBindingType[]
  /** What the client showed in the handshake; `undefined` where it was not asked or has none. */
  readonly peerCertificate: PeerCertificate | undefined
  /** TLS is the stream's own affair, and not that of what carries it. */
  readonly canUpgrade: boolean
  /** Goes on in TLS, with the certificate of `domain`. Throws where there is none, and where TLS is not the stream's affair. */
  upgrade(proceed: string, domain: string): void
  /** Somebody has signed in, and the stream goes on (XEP-0388 §2.6.1): its stanzas may be larger from here. */
  signedIn(): void
  /** The client begins a new stream on the same connection; it may send larger stanzas from here. */
  restart(): void
  /** Ends the stream with the error that fits; a bug is logged and ends it too. */
  fail(error: unknown): void
}

/** `lost` where the client did not end the stream and may come back for its session (XEP-0198 §6). */
export type StreamEnd = 'closed' | 'lost'

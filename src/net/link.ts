/**
 * A stream of bytes with one peer, who connected to us: what the protocols see of a TCP connection and its
 * TLS. The socket is in this thread (`socket-link.ts`) or in another (`edge-links.ts`).
 */
import type { SecureContext } from 'node:tls'

export interface Link {
  /** As the system writes it. */
  readonly remoteAddress: string
  /** TLS is on: the handshake has been done. */
  readonly isSecured: boolean
  /** Who is told what happens; nothing is read before he asks for it. */
  user: LinkUser | undefined
  /** Begins to hand over what comes. */
  read(): void
  /** Leaves what comes with the system, soon; what is on its way still comes. */
  pause(): void
  resume(): void
  /** Leaves at the end of the tick, in order, with all that is written until then. */
  write(text: string): void
  /** Resolves when the system has taken what was written so far; with false where the link closed first. */
  flushed(): Promise<boolean>
  /**
   * Sends `last` and goes on in TLS as the server; the user hears `secured`, and nothing that came in plain.
   * Throws where there is no certificate.
   */
  secure(wish: TlsWish, last: string): void
  /** The name of this TLS connection; `undefined` where the type does not apply to it. */
  channelBinding(type: ChannelBindingType): Buffer | undefined
  /** Types to tell the client of, strongest first; none without TLS. */
  readonly channelBindings: readonly ChannelBindingType[]
  /** What the client showed; `undefined` without TLS, and where it was not asked or has none. */
  readonly peerCertificate: PeerCertificate | undefined
  /** Our side is done; the peer may still speak. */
  end(): void
  destroy(): void
}

export interface LinkUser {
  /** Bytes came; they are the caller's own again when this returns. */
  received(chunk: Buffer): void
  secured(): void
  /** The peer's side is done; he may still listen. */
  peerEnded(): void
  /** The peer leaves more than the bound unread. */
  overflowed(): void
  /** The system says why it is about to close. */
  failed(error: unknown): void
  /** The last thing that happens. */
  closed(): void
}

export interface TlsWish {
  /** Whom the client means who names nobody in the handshake (RFC 6120 §5.4.3.1). */
  readonly domain?: string
  /** What is spoken where TLS comes first (RFC 7301): then the name in the handshake counts (RFC 6066 §3). */
  readonly alpn?: readonly string[]
}

/** RFC 5929, RFC 9266. */
export type ChannelBindingType = 'tls-exporter' | 'tls-server-end-point' | 'tls-unique'

export interface PeerCertificate {
  /** DER. */
  readonly raw: Buffer
  /** OpenSSL's code, such as `CERT_HAS_EXPIRED`; `undefined` where the certificate is valid and an authority's that we named. */
  readonly problem: string | undefined
}

/** Clients are asked for a certificate of one of these authorities (PEM). */
export interface ClientCertificates {
  readonly authorities: string
  /** Nobody gets in without one. */
  readonly isRequired: boolean
}

/**
 * The certificate of a domain; of the server where none is asked for; or the one of a listener that has its own, whoever is
 * asked for. With the authorities (PEM) whose certificates clients may show. Throws where there is none.
 */
export type FindContext = (
  domain?: string,
  authorities?: string,
  listener?: string,
) => SecureContext

/** What a TLS server shows, in PEM. */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

/** What is shown to whoever names nobody, and what to those who name somebody that it is for. */
export interface TlsIdentities {
  readonly main: TlsIdentity
  readonly others: readonly TlsIdentity[]
  /** What some listeners show to everybody, by their names. */
  readonly byListener?: Readonly<Record<string, TlsIdentity>>
}

export interface LinkListenOptions {
  /** For certificates of its own. */
  readonly name?: string | undefined
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** What a peer may leave unread. */
  readonly maxQueuedBytes: number
  /** Without it nobody is asked for a certificate. */
  readonly clientCertificates?: ClientCertificates | undefined
}

/** A listening socket; disposing lets nobody new in, and leaves those who are there. */
export interface LinkListener extends AsyncDisposable {
  readonly address: string
  readonly port: number
}

/** Where links come from. */
export interface LinkSource {
  /** `accept` sets the link's user. Rejects with the socket's own error where it cannot listen. */
  listen(options: LinkListenOptions, accept: (link: Link) => void): Promise<LinkListener>
}

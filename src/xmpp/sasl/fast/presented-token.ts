import type { BareJid } from '../../../core/address.ts'

/** What a client says to show that it has a token, without showing the token. */
export interface TokenProof {
  readonly account: BareJid
  /** The one that the token was asked for with; no other takes it (XEP-0484 §3.4). */
  readonly mechanism: string
  /** What the channel binding adds; empty without one. */
  readonly binding: Buffer
  readonly initiator: Buffer
}

/** The token that a client signs in with, until it is known whether there is one. */
export interface PresentedToken {
  /** Our own proof, in return. Throws `SaslError` where the client's is not that of a token of his. */
  prove(proof: TokenProof): Promise<Buffer>
}

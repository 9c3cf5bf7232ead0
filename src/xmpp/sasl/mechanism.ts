/** What a SASL mechanism is to the stream (RFC 6120 §6, XEP-0388). */
import type { BareJid } from '../../core/address.ts'
import type { ChannelBindingType } from '../../net/link.ts'
import type { CertifiedClient } from './certified-client.ts'
import type { PresentedToken } from './fast/presented-token.ts'
import type { Digest } from './hmac.ts'

export interface ScramKeys {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

export type ScramMechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

/** What signing in asks of the directory. */
export interface CredentialSource {
  /** `undefined` for an unknown, disabled or password-less account. */
  scram(account: BareJid, mechanism: ScramMechanism): Promise<ScramKeys | undefined>
  /** Keys that nobody has, the same each time: an unknown account looks like any other (RFC 5802 §9). */
  fakeScram(account: BareJid, mechanism: ScramMechanism): ScramKeys
  /** `realm` is the account's domain where not given. */
  ha1(
    account: BareJid,
    algorithm: 'MD5' | 'SHA-256',
    kind: 'sip' | 'xmpp',
    realm?: string,
  ): Promise<string | undefined>
  verifyPassword(account: BareJid, password: string): Promise<boolean>
}

/** What is known of who wants to sign in on one stream, and who is asked. */
export interface SaslContext {
  /** The domain that the stream is addressed to. */
  readonly domain: string
  /** Of DIGEST-MD5. */
  readonly realm: string
  readonly credentials: CredentialSource
  /** The bytes that name this TLS connection; `undefined` without TLS or where the type does not apply. */
  channelBinding(type: ChannelBindingType): Buffer | undefined
  /** Any -PLUS mechanism is offered on this stream. */
  readonly offersPlus: boolean
  /** The hash of what was offered (XEP-0474 §4.1); `undefined` where nothing was. */
  offerHash(digest: Digest): string | undefined
  /** What TLS knows of the client (XEP-0178); `undefined` where he showed no certificate. */
  readonly certificate: CertifiedClient | undefined
  /** The token that he says he has (XEP-0484). */
  readonly token: PresentedToken | undefined
  /** Somebody says that this account is his. Throws `SaslError` where too many have said so of late. */
  claimed(account: BareJid): void
  /** Whether the account, whose owner this is, may sign in. */
  standing(account: BareJid): Promise<'active' | 'disabled' | 'unknown'>
  /** Told what went wrong on our side. */
  broken(error: unknown): void
}

/** What the mechanism wants next: to send a challenge, or to be done. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly data: Buffer }
  | { readonly kind: 'success'; readonly account: BareJid; readonly data: Buffer | undefined }

/** One exchange. Throws `SaslError`. */
export interface SaslExchange {
  step(response: Buffer): SaslStep | Promise<SaslStep>
}

export interface SaslMechanism {
  readonly name: string
  /** The client may send nothing at first: the server begins (DIGEST-MD5). */
  readonly serverFirst: boolean
  /** What it takes to sign in with it. */
  readonly proves: 'password' | 'certificate' | 'token'
  start(context: SaslContext): SaslExchange
}

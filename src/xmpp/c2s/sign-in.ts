/** Signing in on one stream: what is offered, and the two profiles of SASL that take it up (RFC 6120 §6, XEP-0388). */
import { type BareJid, parseJid } from '../../core/address.ts'
import type { ChannelBindingType } from '../../net/link.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { Element } from '../../xml/element.ts'
import { StreamError } from '../errors.ts'
import { type CertifiedClient, certifiedClient } from '../sasl/certified-client.ts'
import type { FastTokens } from '../sasl/fast/fast-tokens.ts'
import type { PresentedToken } from '../sasl/fast/presented-token.ts'
import type { Digest } from '../sasl/hmac.ts'
import type { CredentialSource, SaslContext, ScramMechanism } from '../sasl/mechanism.ts'
import type { Offered } from '../sasl/offered.ts'
import type { UpgradableCredentials } from '../sasl/scram-upgrade.ts'
import { Attempts } from './attempts.ts'
import type { C2sConfig } from './config.ts'
import type { Offer, Offers } from './offers.ts'
import { Sasl1 } from './sasl1.ts'
import { Sasl2, type SignedIn } from './sasl2.ts'
import type { SignInDelays } from './sign-in-delays.ts'
import type { SignInPolicy } from './sign-in-policy.ts'
import type { StreamConnection } from './stream-connection.ts'

export interface Accounts extends CredentialSource {
  isLocal(domain: string): boolean
  domain(name: string): { readonly digestMd5: boolean } | undefined
  user(account: BareJid): Promise<{ readonly disabled: boolean } | undefined>
}

export interface SignInDeps {
  readonly accounts: Accounts
  readonly delays: SignInDelays
  readonly offers: Offers
  readonly policy: SignInPolicy
  /** Without them clients are given no tokens, and none are taken. */
  readonly tokens?: FastTokens | undefined
  /** Of accounts that came from another server; there are none where absent. */
  readonly upgrades?: UpgradableCredentials | undefined
  readonly config: Pick<C2sConfig, 'certificateFallback'>
  readonly clock: Clock
  readonly log: Log
}

/** The stream that somebody wants to sign in on, as its header says. */
export interface SignInTarget {
  readonly domain: string
  /** Who he says he is; nothing that may be trusted. */
  readonly from: BareJid | undefined
}

const NONE: readonly ScramMechanism[] = []

export class SignIn {
  readonly #deps: SignInDeps
  readonly #connection: StreamConnection
  readonly #attempts: Attempts
  #target: SignInTarget = { domain: '', from: undefined }
  #offer: Offer | undefined
  #certificate: CertifiedClient | undefined
  #sasl1: Sasl1 | undefined
  #sasl2: Sasl2 | undefined

  constructor(deps: SignInDeps, connection: StreamConnection) {
    this.#deps = deps
    this.#connection = connection
    this.#attempts = new Attempts(deps.delays, connection)
  }

  /** Begins anew for a stream, and answers the features to offer. Throws `StreamError`. */
  offer(domain: string, from: string | undefined): string {
    const { accounts, offers, policy } = this.#deps
    const { isEncrypted, canUpgrade, channelBindings } = this.#connection
    this.#target = { domain, from: claimedAccount(from, domain) }
    this.#certificate = this.#readCertificate(domain)
    this.#sasl1 = undefined
    this.#sasl2 = undefined
    this.#offer = offers.for({
      policy,
      isEncrypted,
      canUpgrade,
      channelBindings,
      digestMd5: accounts.domain(domain)?.digestMd5 ?? false,
      isCertified: isProof(this.#certificate),
      lacking: this.#lacking(),
    })
    return this.#offer.features
  }

  /** Nothing but XEP-0388's own elements may come now (§2.4). */
  get isExclusive(): boolean {
    return this.#sasl2?.isRunning ?? false
  }

  /** Takes one element of RFC 6120's profile; who it is, once that is known. Rejects with `StreamError`. */
  take(element: Element): Promise<BareJid | undefined> {
    this.#sasl1 ??= new Sasl1({
      connection: this.#connection,
      policy: this.#deps.policy,
      attempts: this.#attempts,
      mechanisms: this.#offered.sasl.mechanisms,
      context: this.#context(this.#offered.sasl, { isHashed: false }),
    })
    return this.#sasl1.take(element)
  }

  /** Takes one element of XEP-0388; who it is and what he wants with it, once that is known. Rejects with `StreamError`. */
  take2(element: Element): Promise<SignedIn | undefined> {
    const offer = this.#offered
    this.#sasl2 ??= new Sasl2({
      connection: this.#connection,
      policy: this.#deps.policy,
      attempts: this.#attempts,
      tokens: this.#deps.tokens,
      upgrades: this.#deps.upgrades,
      from: this.#target.from,
      log: this.#deps.log,
      offer,
      context: (token) => this.#context(offer.sasl2, { isHashed: true, token }),
    })
    return this.#sasl2.take(element)
  }

  get #offered(): Offer {
    if (!this.#offer) throw new StreamError('not-authorized')
    return this.#offer
  }

  /** XEP-0388 §2.1: mechanisms that fit the account. That an account is one that was imported is no secret worth more. */
  #lacking(): readonly ScramMechanism[] {
    const { from } = this.#target
    return (from && this.#deps.upgrades?.lacking(from)) ?? NONE
  }

  #readCertificate(domain: string): CertifiedClient | undefined {
    const shown = this.#connection.peerCertificate
    if (!shown) return undefined
    const { config, clock, log } = this.#deps
    const { certificateFallback = 'off' } = config
    const client = certifiedClient(shown, {
      domain,
      fallback: certificateFallback,
      now: clock.now(),
    })
    if (client.problem !== undefined) {
      const { source } = this.#connection
      log.info({ what: 'xmpp_client_certificate_refused', source, problem: client.problem })
    }
    return client
  }

  #context(offered: Offered, attempt: Attempt): SaslContext {
    return new StreamContext({
      deps: this.#deps,
      connection: this.#connection,
      attempts: this.#attempts,
      domain: this.#target.domain,
      offered,
      certificate: this.#certificate,
      ...attempt,
    })
  }
}

function isProof(certificate: CertifiedClient | undefined): boolean {
  return certificate?.problem === undefined && (certificate?.accounts.length ?? 0) > 0
}

/** XEP-0388 §2.1: who claims to be somebody of another domain is at the wrong door. */
function claimedAccount(from: string | undefined, domain: string): BareJid | undefined {
  const jid = from === undefined ? undefined : parseJid(from)
  if (!jid || jid.local === '') return undefined
  if (jid.domain !== domain) throw new StreamError('invalid-from')
  return jid.bare
}

interface Attempt {
  /**
   * The client is told the hash of what it was offered.
   * @COMPAT(strophe.js, 1.6.2): takes no attribute of SCRAM that it does not know; clients of XEP-0388 are newer.
   */
  readonly isHashed: boolean
  readonly token?: PresentedToken | undefined
}

interface StreamContextParts extends Attempt {
  readonly deps: SignInDeps
  readonly connection: StreamConnection
  readonly attempts: Attempts
  readonly domain: string
  readonly offered: Offered
  readonly certificate: CertifiedClient | undefined
}

class StreamContext implements SaslContext {
  readonly #parts: StreamContextParts

  constructor(parts: StreamContextParts) {
    this.#parts = parts
  }

  get domain(): string {
    return this.#parts.domain
  }

  get realm(): string {
    return this.#parts.deps.policy.realm ?? this.#parts.domain
  }

  get credentials(): CredentialSource {
    return this.#parts.deps.accounts
  }

  get offersPlus(): boolean {
    return this.#parts.offered.mechanisms.some(({ name }) => name.endsWith('-PLUS'))
  }

  get certificate(): CertifiedClient | undefined {
    return this.#parts.certificate
  }

  get token(): PresentedToken | undefined {
    return this.#parts.token
  }

  channelBinding(type: ChannelBindingType): Buffer | undefined {
    return this.#parts.connection.channelBinding(type)
  }

  offerHash(digest: Digest): string | undefined {
    const { isHashed, offered } = this.#parts
    return isHashed ? offered.hash(digest) : undefined
  }

  claimed(account: BareJid): void {
    this.#parts.attempts.claimed(account)
  }

  async standing(account: BareJid): Promise<'active' | 'disabled' | 'unknown'> {
    const user = await this.#parts.deps.accounts.user(account)
    if (!user) return 'unknown'
    return user.disabled ? 'disabled' : 'active'
  }

  broken(err: unknown): void {
    const { deps, domain } = this.#parts
    deps.log.error({ what: 'xmpp_sign_in_failed', domain, err })
  }
}

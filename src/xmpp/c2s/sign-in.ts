/** Signing in on one stream: SASL (RFC 6120 §6) and what bounds it. */
import type { BareJid } from '../../core/address.ts'
import type { FailureThrottle } from '../../util/failure-throttle.ts'
import type { Log } from '../../util/log.ts'
import type { Element } from '../../xml/element.ts'
import { SaslError, StreamError } from '../errors.ts'
import type { CredentialSource, SaslContext, SaslMechanism } from '../sasl/mechanism.ts'
import { mechanismsFor, SaslNegotiation } from '../sasl/negotiation.ts'
import type { C2sConfig } from './config.ts'
import type { StreamConnection } from './stream-connection.ts'

export interface Accounts extends CredentialSource {
  isLocal(domain: string): boolean
  domain(name: string): { readonly digestMd5: boolean } | undefined
  user(account: BareJid): Promise<{ readonly disabled: boolean } | undefined>
}

export interface SignInDeps {
  readonly accounts: Accounts
  readonly throttle: FailureThrottle
  readonly config: Pick<C2sConfig, 'plaintextAuth'>
  readonly log: Log
}

/** RFC 6120 §6.4.5: between two and five tries on a stream. */
const MAX_FAILURES = 5

export class SignIn {
  readonly #deps: SignInDeps
  readonly #connection: StreamConnection
  #negotiation: SaslNegotiation | undefined
  #failures = 0

  constructor(deps: SignInDeps, connection: StreamConnection) {
    this.#deps = deps
    this.#connection = connection
  }

  /** Begins anew for a stream to `domain`, and answers what to offer. */
  offer(domain: string): readonly SaslMechanism[] {
    const { accounts, config } = this.#deps
    const encrypted = this.#connection.isEncrypted
    const mechanisms = mechanismsFor({
      encrypted,
      plaintextAuth: config.plaintextAuth,
      digestMd5: accounts.domain(domain)?.digestMd5 ?? false,
    })
    this.#negotiation = new SaslNegotiation(mechanisms, this.#context(domain, encrypted))
    return mechanisms
  }

  /**
   * Takes one element of SASL and answers it; who it is, once that is known.
   * Rejects with `StreamError` after too many failures.
   */
  async take(element: Element): Promise<BareJid | undefined> {
    const refusal = this.#refusal()
    if (refusal) return this.#failed(refusal)
    const result = await this.#negotiation?.take(element)
    if (!result || !this.#connection.isOpen) return undefined
    if (result.kind === 'failure') return this.#failed(result.error)
    this.#connection.write(result.reply.toString())
    return result.kind === 'success' ? result.account : undefined
  }

  /** Why nobody may even try. */
  #refusal(): SaslError | undefined {
    const { config, throttle } = this.#deps
    if (!this.#connection.isEncrypted && !config.plaintextAuth) {
      return new SaslError('encryption-required')
    }
    if (throttle.waitMs(this.#connection.source) > 0) {
      return new SaslError('temporary-auth-failure', 'too many failures; wait a while')
    }
    return undefined
  }

  #failed(error: SaslError): undefined {
    this.#failures += 1
    const { condition } = error
    if (condition === 'not-authorized' || condition === 'invalid-authzid') {
      this.#deps.throttle.failed(this.#connection.source)
    }
    this.#connection.write(error.toElement().toString())
    if (this.#failures >= MAX_FAILURES) {
      throw new StreamError('policy-violation', 'too many failures to sign in')
    }
    return undefined
  }

  #context(domain: string, encrypted: boolean): SaslContext {
    const { accounts, log } = this.#deps
    return {
      domain,
      credentials: accounts,
      offersPlus: encrypted,
      channelBinding: (type) => this.#connection.channelBinding(type),
      mayEnter: async (account) => (await accounts.user(account))?.disabled === false,
      broken: (error) => log.error({ what: 'xmpp_sign_in_failed', domain, err: error }),
    }
  }
}

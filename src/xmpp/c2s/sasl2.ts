/**
 * SASL as XEP-0388 has it: what the client wants comes with its sign-in, and the stream goes on.
 *
 *   idle ──authenticate──▶ running ──▶ tasks ──▶ done
 *     ▲──────failure──────────┴──────────┘
 */
import type { BareJid } from '../../core/address.ts'
import type { Log } from '../../util/log.ts'
import { type Element, xml } from '../../xml/element.ts'
import { SaslError, StreamError } from '../errors.ts'
import { NS_SASL2 } from '../namespaces.ts'
import type { FastTokens, NewToken, StoredToken } from '../sasl/fast/fast-tokens.ts'
import type { PresentedToken } from '../sasl/fast/presented-token.ts'
import type { SaslContext } from '../sasl/mechanism.ts'
import { SaslNegotiation, type SaslResult } from '../sasl/negotiation.ts'
import { ScramUpgrade, type UpgradableCredentials } from '../sasl/scram-upgrade.ts'
import type { Attempts } from './attempts.ts'
import type { Offer } from './offers.ts'
import { parseRequest, type Sasl2Request } from './sasl2-request.ts'
import { type SignInPolicy, upgradeTask } from './sign-in-policy.ts'
import type { StreamConnection } from './stream-connection.ts'

export interface Sasl2Parts {
  readonly connection: StreamConnection
  readonly policy: SignInPolicy
  readonly attempts: Attempts
  readonly offer: Offer
  readonly tokens: FastTokens | undefined
  readonly upgrades: UpgradableCredentials | undefined
  /** Who the stream's header says it is. */
  readonly from: BareJid | undefined
  readonly log: Log
  context(token: PresentedToken | undefined): SaslContext
}

/** Somebody has signed in, and is yet to be told. */
export interface SignedIn {
  readonly account: BareJid
  readonly request: Sasl2Request
  /** What the mechanism says with its success. */
  readonly data: string | undefined
  /** To sign in with the next time. */
  readonly token: NewToken | undefined
}

interface Proven {
  readonly account: BareJid
  readonly request: Sasl2Request
  readonly data: string | undefined
  /** The one that the client signed in with, where it may go on using it. */
  readonly used: StoredToken | undefined
}

export class Sasl2 {
  readonly #parts: Sasl2Parts
  readonly #negotiation = new SaslNegotiation()
  #request: Sasl2Request | undefined
  #used: StoredToken | undefined
  #proven: Proven | undefined
  /** What is to be done before the client is in, in this order. */
  #tasks: readonly ScramUpgrade[] = []
  /** The one that the client has begun. */
  #begun: ScramUpgrade | undefined

  constructor(parts: Sasl2Parts) {
    this.#parts = parts
  }

  get isRunning(): boolean {
    return this.#negotiation.isRunning || this.#proven !== undefined
  }

  /** Answers it, but for the end; who it is, once that is known. Rejects with `StreamError`. */
  async take(element: Element): Promise<SignedIn | undefined> {
    try {
      return await (this.#proven ? this.#task(this.#proven, element) : this.#exchange(element))
    } catch (error) {
      if (!(error instanceof SaslError)) throw error
      return this.#failed(error)
    }
  }

  async #exchange(element: Element): Promise<SignedIn | undefined> {
    const result = await this.#step(element)
    if (!this.#parts.connection.isOpen) return undefined
    switch (result.kind) {
      case 'challenge':
        this.#write(xml('challenge', { xmlns: NS_SASL2 }, result.data))
        return undefined
      case 'failure':
        throw result.error
      case 'success':
        return this.#proved(result)
    }
  }

  #step(element: Element): SaslResult | Promise<SaslResult> {
    if (!this.#negotiation.isRunning) return this.#begin(element)
    if (element.name === 'response') return this.#negotiation.respond(element.text().trim())
    if (element.name === 'abort') return this.#negotiation.abort()
    throw unexpected()
  }

  #begin(element: Element): Promise<SaslResult> {
    const { connection, policy, attempts, offer } = this.#parts
    if (element.name !== 'authenticate') throw new SaslError('malformed-request')
    // §4: not without TLS, whatever the operator allows besides.
    if (!connection.isEncrypted) throw new SaslError('encryption-required')
    const refusal = attempts.refusal(policy)
    if (refusal) throw refusal
    const request = parseRequest(element)
    this.#request = request
    this.#used = undefined
    const { mechanisms } = offer.sasl2
    const offered = request.fast ? [...offer.tokens, ...mechanisms] : mechanisms
    const context = this.#parts.context(this.#presented(request))
    const { mechanism: name, initial } = request
    return this.#negotiation.start(offered, context, { name, initial })
  }

  /** XEP-0484 §4.1: a token is one client's, which says who it is. */
  #presented({ fast, agent }: Sasl2Request): PresentedToken | undefined {
    const { tokens } = this.#parts
    if (!fast || !agent || !tokens) return undefined
    return {
      prove: async (proof) => {
        const { responder, token } = await tokens.prove(proof, { ...fast, client: agent.client })
        this.#used = token
        return responder
      },
    }
  }

  #proved({
    account,
    data,
    mechanism,
  }: SaslResult & { kind: 'success' }): Promise<SignedIn | undefined> {
    const { from } = this.#parts
    // §2.3: he is not whom his stream is from.
    if (from !== undefined && from !== account) throw new SaslError('invalid-authzid')
    const request = this.#request
    if (!request) throw new SaslError('malformed-request')
    this.#proven = { account, request, data, used: this.#used }
    // Whoever has no more than a token or a certificate does not set a password with it.
    if (mechanism.proves === 'password') this.#tasks = this.#upgrades(account, request)
    return this.#goOn(this.#proven)
  }

  /** XEP-0480 §2.2: those of the client's wishes that there is something to be done for. */
  #upgrades(account: BareJid, { upgrades }: Sasl2Request): ScramUpgrade[] {
    const { upgrades: credentials } = this.#parts
    if (upgrades.length === 0 || !credentials) return []
    return credentials
      .lacking(account)
      .filter((mechanism) => upgrades.includes(upgradeTask(mechanism)))
      .map((mechanism) => new ScramUpgrade(credentials, account, mechanism))
  }

  /** §2.6.3. */
  async #goOn(proven: Proven): Promise<SignedIn | undefined> {
    const [next] = this.#tasks
    if (!next) return await this.#done(proven)
    const { data } = proven
    this.#proven = { ...proven, data: undefined }
    const task = xml('task', {}, upgradeTask(next.mechanism))
    const additional = data === undefined ? undefined : xml('additional-data', {}, data)
    this.#write(xml('continue', { xmlns: NS_SASL2 }, additional, xml('tasks', {}, task)))
    return undefined
  }

  async #task(proven: Proven, element: Element): Promise<SignedIn | undefined> {
    const [task] = this.#tasks
    switch (element.name) {
      case 'next':
        if (!task || element.attr('task') !== upgradeTask(task.mechanism)) {
          throw new SaslError('malformed-request')
        }
        this.#begun = task
        this.#write(xml('task-data', { xmlns: NS_SASL2 }, task.question))
        return undefined
      case 'task-data':
        if (!task || task !== this.#begun) throw new SaslError('malformed-request')
        await task.answer(element)
        this.#tasks = this.#tasks.slice(1)
        return await this.#goOn(proven)
      case 'abort':
        throw new SaslError('aborted')
      default:
        throw unexpected()
    }
  }

  async #done({ account, request, data, used }: Proven): Promise<SignedIn> {
    const token = await this.#newToken(account, request, used)
    this.#proven = undefined
    this.#parts.attempts.succeeded(account)
    return { account, request, data, token }
  }

  /** XEP-0484 §3.3 and §3.5. Who has signed in is not sent away for want of a token. */
  async #newToken(
    account: BareJid,
    { agent, tokenFor }: Sasl2Request,
    used: StoredToken | undefined,
  ): Promise<NewToken | undefined> {
    const { tokens, offer, log } = this.#parts
    if (!tokens || !agent) return undefined
    const wanted = offer.tokens.find(({ name }) => name === tokenFor)?.name
    const mechanism = wanted ?? (used && tokens.isToBeRotated(used) ? used.mechanism : undefined)
    if (mechanism === undefined) return undefined
    try {
      return await tokens.issue({ account, mechanism, agent })
    } catch (err) {
      log.error({ what: 'xmpp_token_not_issued', account, err })
      return undefined
    }
  }

  #failed(error: SaslError): undefined {
    this.#proven = undefined
    this.#tasks = []
    this.#write(error.toElement(NS_SASL2))
    this.#parts.attempts.failed(error)
    return undefined
  }

  #write(element: Element): void {
    this.#parts.connection.write(element.toString())
  }
}

/** §2.4: nothing else may come meanwhile. */
function unexpected(): StreamError {
  return new StreamError('policy-violation', 'that is no part of the sign-in that was begun')
}

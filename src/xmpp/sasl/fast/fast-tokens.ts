/**
 * XEP-0484: Fast Authentication Streamlining Tokens. A client that has signed in gets a token, and signs in with
 * it from then on.
 *
 * What is kept is the seed of a token. The token is made of it and of a key that is not in the database: whoever
 * reads the database has no token, though HMAC needs the token itself to check a proof.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { BareJid } from '../../../core/address.ts'
import type { Clock, Timer } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import { counter } from '../../../util/metrics.ts'
import { SaslError } from '../../errors.ts'
import { hmac } from '../hmac.ts'
import type { TokenProof } from './presented-token.ts'

/** A client has two at most: the one that it uses, and the one that it was given and has not used yet (§5.1). */
export interface StoredToken {
  readonly account: BareJid
  /** A hash of the user agent's id. */
  readonly client: string
  readonly slot: 'current' | 'new'
  readonly seed: string
  readonly mechanism: string
  /** Times in milliseconds since the epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly usedAt: number
  /** The last that the client gave with it; −1 before any (§3.4). */
  readonly count: number
  /** As the client calls itself, and what it is on. */
  readonly software: string | undefined
  readonly device: string | undefined
}

/** Who is to get a token. */
export interface TokenHolder {
  readonly account: BareJid
  readonly mechanism: string
  readonly agent: Pick<StoredToken, 'client' | 'software' | 'device'>
}

export interface TokenUse {
  readonly count: number | undefined
  readonly at: number
}

export interface TokenStore {
  /** Of one client; none where the account is disabled. */
  find(account: BareJid, client: string): Promise<readonly StoredToken[]>
  /** In the slot of its client; clients above `maxClients` of the account lose theirs, those first that were not used for longest. */
  put(token: StoredToken, maxClients: number): Promise<void>
  /**
   * Notes that it was used and makes it the current one; false where it is gone, or was used with this count or a
   * higher one.
   */
  use(token: StoredToken, use: TokenUse): Promise<boolean>
  /** False where there was none. */
  remove(account: BareJid, client: string): Promise<boolean>
  removeExpired(now: number): Promise<number>
}

export interface FastTokensDeps {
  readonly clock: Clock
  readonly log: Log
  readonly store: TokenStore
  /** This installation's, not kept with what `store` keeps. */
  readonly key: Buffer
  /** How long a token is good for, milliseconds. */
  readonly lifetimeMs: number
}

/** What a client asks for with its proof. */
export interface TokenWish {
  readonly client: string
  readonly count: number | undefined
  /** The token is to be of no use any more (§3.6). */
  readonly isToEnd: boolean
}

export interface NewToken {
  readonly token: string
  readonly expiresAt: number
}

const MAX_CLIENTS = 50
const DAY_MS = 86_400_000
/** What is used after so long is noted, though nothing else has changed. */
const NOTE_USE_AFTER_MS = DAY_MS

const issued = counter({
  name: 'heliograph_xmpp_tokens_issued_total',
  help: 'Tokens that clients were given to sign in with (XEP-0484).',
})

export class FastTokens implements Disposable {
  readonly #deps: FastTokensDeps
  #timer: Timer

  constructor(deps: FastTokensDeps) {
    this.#deps = deps
    this.#timer = this.#sweepLater()
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  /** Our proof in return for the client's, and the token where it is still to be used. Throws `SaslError`. */
  async prove(
    { account, mechanism, binding, initiator }: TokenProof,
    { client, count, isToEnd }: TokenWish,
  ): Promise<{ responder: Buffer; token: StoredToken | undefined }> {
    const { store, clock } = this.#deps
    const message = Buffer.concat([INITIATOR, binding])
    const found = await store.find(account, client)
    const used = newestFirst(found).find(
      (each) =>
        each.mechanism === mechanism && timingSafeEqual(this.#sign(each, message), initiator),
    )
    if (!used) throw new SaslError('not-authorized')
    if (used.expiresAt <= clock.now()) throw new SaslError('credentials-expired')
    const isFresh = isToEnd
      ? await this.#end(used, count)
      : await this.#use(used, { count, at: clock.now() })
    if (!isFresh) throw new SaslError('not-authorized', 'the token was used with this count')
    const responder = this.#sign(used, Buffer.concat([RESPONDER, binding]))
    return { responder, token: isToEnd ? undefined : used }
  }

  /** For this client alone, which has signed in; the one that it uses stays good until it uses this one (§3.5). */
  async issue({ account, mechanism, agent }: TokenHolder): Promise<NewToken> {
    const { store, clock, lifetimeMs } = this.#deps
    const now = clock.now()
    const token: StoredToken = {
      account,
      ...agent,
      slot: 'new',
      seed: randomBytes(18).toString('base64url'),
      mechanism,
      issuedAt: now,
      expiresAt: now + lifetimeMs,
      usedAt: now,
      count: -1,
    }
    await store.put(token, MAX_CLIENTS)
    issued.inc()
    return { token: this.#text(token), expiresAt: token.expiresAt }
  }

  /** One that is used daily lives on without its client having to sign in anew. */
  isToBeRotated({ issuedAt }: StoredToken): boolean {
    const { clock, lifetimeMs } = this.#deps
    return clock.now() - issuedAt >= Math.min(DAY_MS, lifetimeMs / 2)
  }

  /** Most clients use one token many times: nothing is written while nothing has changed but the time. */
  async #use(token: StoredToken, use: TokenUse): Promise<boolean> {
    const isOld = use.at - token.usedAt >= NOTE_USE_AFTER_MS
    if (token.slot === 'current' && use.count === undefined && !isOld) return true
    return this.#deps.store.use(token, use)
  }

  async #end(token: StoredToken, count: number | undefined): Promise<boolean> {
    if (count !== undefined && count <= token.count) return false
    return this.#deps.store.remove(token.account, token.client)
  }

  #sign(token: StoredToken, message: Buffer): Buffer {
    return hmac('sha256', Buffer.from(this.#text(token)), message)
  }

  #text({ account, client, seed }: StoredToken): string {
    return hmac('sha256', this.#deps.key, `token\0${account}\0${client}\0${seed}`).toString(
      'base64url',
    )
  }

  #sweepLater(): Timer {
    return this.#deps.clock.after(DAY_MS, () => {
      this.#timer = this.#sweepLater()
      this.#deps.store.removeExpired(this.#deps.clock.now()).catch((err: unknown) => {
        this.#deps.log.error({ what: 'xmpp_tokens_not_swept', err })
      })
    })
  }
}

const INITIATOR = Buffer.from('Initiator')
const RESPONDER = Buffer.from('Responder')

function newestFirst(tokens: readonly StoredToken[]): readonly StoredToken[] {
  return tokens.toSorted((one, other) => (one.slot < other.slot ? 1 : -1))
}

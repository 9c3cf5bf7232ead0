/**
 * Who is calling: an administrator with a password (HTTP Basic, RFC 7617) or with the token that a
 * sign-in gave him (Bearer, RFC 6750), or whoever may open the Unix socket in the data directory.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../util/clock.ts'
import { FailureThrottle } from '../util/failure-throttle.ts'
import { counter } from '../util/metrics.ts'
import { ApiError } from './api-error.ts'
import { hashPassword, verifyPassword } from './password-hash.ts'

export interface Principal {
  readonly name: string
}

export interface Administrator {
  readonly name: string
  readonly passwordHash: string
}

export interface AdministratorStore {
  get(name: string): Promise<Administrator | undefined>
  put(administrator: Administrator): Promise<void>
  count(): Promise<number>
}

interface Grant {
  readonly name: string
  expiresAt: number
}

const TOKEN_LIFETIME_MS = 12 * 3_600_000
/** A password that was right a moment ago need not go through scrypt again. */
const PASSWORD_MEMORY_MS = 60_000
const MAX_GRANTS = 10_000

const signIns = counter({
  name: 'heliograph_admin_sign_ins_total',
  help: 'Sign-ins of administrators that were checked against a password.',
  labels: ['result'],
})

export class SignIn {
  readonly #administrators: AdministratorStore
  readonly #clock: Clock
  readonly #throttle: FailureThrottle
  /** Tokens and remembered passwords are kept as keyed hashes only. */
  readonly #key = randomBytes(32)
  readonly #grants = new Map<string, Grant>()
  readonly #decoy = hashPassword(randomBytes(16).toString('hex'))

  constructor({ administrators, clock }: { administrators: AdministratorStore; clock: Clock }) {
    this.#administrators = administrators
    this.#clock = clock
    this.#throttle = new FailureThrottle(clock)
  }

  /** Makes the first administrator. Answers his password, or `undefined` where there is one already. */
  async createFirst(name: string): Promise<string | undefined> {
    if ((await this.#administrators.count()) > 0) return undefined
    const password = randomBytes(15).toString('base64url')
    await this.setPassword(name, password)
    return password
  }

  async setPassword(name: string, password: string): Promise<void> {
    if (password.length < 8 || password.length > 1024) {
      throw new ApiError('BAD_PASSWORD', 'An administrator’s password has 8 to 1024 characters.')
    }
    await this.#administrators.put({ name, passwordHash: await hashPassword(password) })
    for (const [key, grant] of this.#grants) if (grant.name === name) this.#grants.delete(key)
  }

  /**
   * The caller that an Authorization header from a network address names.
   * Throws `ApiError` SIGN_IN_REQUIRED, TOO_MANY_FAILURES.
   */
  async authenticate(authorization: string, address: string): Promise<Principal> {
    const [scheme = '', value = ''] = authorization.split(' ', 2)
    if (scheme.toLowerCase() === 'bearer') return this.#byGrant(`token ${value}`)
    if (scheme.toLowerCase() !== 'basic') throw new ApiError('SIGN_IN_REQUIRED')
    const text = Buffer.from(value, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    if (colon < 0) throw new ApiError('SIGN_IN_REQUIRED')
    const name = text.slice(0, colon)
    const password = text.slice(colon + 1)
    this.#refuseGuesser(address)
    const secret = `password ${JSON.stringify([name, password])}`
    const memory = this.#live(this.#hash(secret))
    if (memory) return memory
    const principal = await this.checkPassword({ name, password }, address)
    this.#grant(secret, name, PASSWORD_MEMORY_MS)
    return principal
  }

  /**
   * Takes as long for a name that does not exist as for a wrong password.
   * Throws `ApiError` SIGN_IN_REQUIRED, TOO_MANY_FAILURES.
   */
  async checkPassword(
    { name, password }: { name: string; password: string },
    address: string,
  ): Promise<Principal> {
    this.#refuseGuesser(address)
    const administrator = await this.#administrators.get(name)
    const right = await verifyPassword(password, administrator?.passwordHash ?? (await this.#decoy))
    signIns.inc({ result: administrator && right ? 'accepted' : 'refused' })
    if (!administrator || !right) {
      this.#throttle.failed(address)
      throw new ApiError('SIGN_IN_REQUIRED')
    }
    return { name }
  }

  /** A bearer token for 12 hours. */
  issueToken({ name }: Principal): { token: string; expiresAt: number } {
    const token = randomBytes(32).toString('base64url')
    return { token, expiresAt: this.#grant(`token ${token}`, name, TOKEN_LIFETIME_MS) }
  }

  revoke(token: string): void {
    this.#grants.delete(this.#hash(`token ${token}`))
  }

  #refuseGuesser(address: string): void {
    const waitMs = this.#throttle.waitMs(address)
    if (waitMs <= 0) return
    signIns.inc({ result: 'throttled' })
    throw new ApiError('TOO_MANY_FAILURES', undefined, Math.ceil(waitMs / 1000))
  }

  #byGrant(secret: string): Principal {
    const principal = this.#live(this.#hash(secret))
    if (!principal) throw new ApiError('SIGN_IN_REQUIRED')
    return principal
  }

  #live(key: string): Principal | undefined {
    const grant = this.#grants.get(key)
    if (grant && grant.expiresAt > this.#clock.now()) return { name: grant.name }
    this.#grants.delete(key)
    return undefined
  }

  #grant(secret: string, name: string, lifetimeMs: number): number {
    if (this.#grants.size >= MAX_GRANTS) this.#forgetExpired()
    const expiresAt = this.#clock.now() + lifetimeMs
    this.#grants.set(this.#hash(secret), { name, expiresAt })
    return expiresAt
  }

  #forgetExpired(): void {
    const now = this.#clock.now()
    for (const [key, { expiresAt }] of this.#grants) if (expiresAt <= now) this.#grants.delete(key)
    if (this.#grants.size >= MAX_GRANTS) this.#grants.clear()
  }

  /** Looking a keyed hash up tells an attacker nothing by its timing. */
  #hash(secret: string): string {
    return createHmac('sha256', this.#key).update(secret).digest('base64url')
  }
}

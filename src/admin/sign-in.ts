/**
 * Who is calling: an administrator or a user with a password (HTTP Basic, RFC 7617) or with the token
 * that a sign-in gave him (Bearer, RFC 6750), or whoever may open the Unix socket in the data directory.
 */
import { randomBytes } from 'node:crypto'
import { type BareJid, parseJid } from '../core/address.ts'
import type { Clock } from '../util/clock.ts'
import { FailureThrottle } from '../util/failure-throttle.ts'
import { counter } from '../util/metrics.ts'
import { ApiError } from './api-error.ts'
import { Grants } from './grants.ts'
import { hashPassword, verifyPassword } from './password-hash.ts'
import type { Principal } from './principal.ts'

export interface AdministratorRecord {
  readonly name: string
  readonly passwordHash: string
}

export interface AdministratorStore {
  get(name: string): Promise<AdministratorRecord | undefined>
  put(administrator: AdministratorRecord): Promise<void>
  count(): Promise<number>
}

/** The directory, as far as it is asked here. */
export interface UserPasswords {
  /** False for a disabled user. */
  verifyPassword(account: BareJid, password: string): Promise<boolean>
  onPasswordChanged(listener: (account: BareJid) => void): Disposable
  onUserDisabled(listener: (account: BareJid) => void): Disposable
  onUserRemoved(listener: (event: { readonly account: BareJid }) => void): Disposable
}

interface Credentials {
  readonly name: string
  readonly password: string
}

const TOKEN_LIFETIME_MS = 12 * 3_600_000
/** A password that was right a moment ago need not go through scrypt again. */
const PASSWORD_MEMORY_MS = 60_000

const signIns = counter({
  name: 'heliograph_admin_sign_ins_total',
  help: 'Sign-ins to the API that were checked against a password.',
  labels: ['result'],
})

export class SignIn {
  readonly #administrators: AdministratorStore
  readonly #users: UserPasswords
  /** Apart: a user’s forgotten client must not lock the administrators of his office out. */
  readonly #throttles: Readonly<Record<Principal['role'], FailureThrottle>>
  readonly #grants: Grants
  readonly #revokeListeners = new Set<(name: string) => void>()
  /** Of everybody, since the start. */
  #revocations = 0
  readonly #decoy = hashPassword(randomBytes(16).toString('hex'))

  constructor(deps: { administrators: AdministratorStore; users: UserPasswords; clock: Clock }) {
    const { administrators, users, clock } = deps
    this.#administrators = administrators
    this.#users = users
    this.#throttles = {
      administrator: new FailureThrottle(clock),
      user: new FailureThrottle(clock),
    }
    this.#grants = new Grants(clock)
    users.onPasswordChanged((account) => this.#revokeAll(account))
    users.onUserDisabled((account) => this.#revokeAll(account))
    users.onUserRemoved(({ account }) => this.#revokeAll(account))
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
    this.#revokeAll(name)
  }

  /**
   * The caller that an Authorization header from a network address names.
   * Throws `ApiError` SIGN_IN_REQUIRED, TOO_MANY_FAILURES; `DirectoryError` BUSY.
   */
  async authenticate(authorization: string, address: string): Promise<Principal> {
    const [scheme = '', value = ''] = authorization.split(' ', 2)
    if (scheme.toLowerCase() === 'bearer') return this.#byToken(value)
    if (scheme.toLowerCase() !== 'basic') throw new ApiError('SIGN_IN_REQUIRED')
    const text = Buffer.from(value, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    if (colon < 0) throw new ApiError('SIGN_IN_REQUIRED')
    const given = { name: text.slice(0, colon), password: text.slice(colon + 1) }
    this.#refuseGuesser(given, address)
    const secret = `password ${JSON.stringify([given.name, given.password])}`
    const memory = this.#grants.get(secret)
    if (memory) return memory
    const principal = await this.checkPassword(given, address)
    this.#grants.add(secret, principal, PASSWORD_MEMORY_MS)
    return principal
  }

  /**
   * Takes as long for a name that does not exist as for a wrong password.
   * Throws `ApiError` SIGN_IN_REQUIRED, TOO_MANY_FAILURES; `DirectoryError` BUSY.
   */
  async checkPassword(given: Credentials, address: string): Promise<Principal> {
    this.#refuseGuesser(given, address)
    const principal = await this.#verify(given)
    signIns.inc({ result: principal ? 'accepted' : 'refused' })
    if (principal) return principal
    this.#throttles[roleOf(given)].failed(address)
    throw new ApiError('SIGN_IN_REQUIRED')
  }

  /** A bearer token for 12 hours. */
  issueToken(principal: Principal): { token: string; expiresAt: number } {
    const token = randomBytes(32).toString('base64url')
    return { token, expiresAt: this.#grants.add(`token ${token}`, principal, TOKEN_LIFETIME_MS) }
  }

  revoke(token: string): void {
    this.#grants.revoke(`token ${token}`)
  }

  /** Called with the name of one whose sign-ins have all ended: what they opened is to end, too. */
  onRevoked(listener: (name: string) => void): Disposable {
    this.#revokeListeners.add(listener)
    return { [Symbol.dispose]: () => void this.#revokeListeners.delete(listener) }
  }

  /** Again where somebody's password changed meanwhile: it may have been this one's. */
  async #verify(given: Credentials): Promise<Principal | undefined> {
    for (;;) {
      const revocations = this.#revocations
      const principal = await this.#verifyOnce(given)
      if (!principal || revocations === this.#revocations) return principal
    }
  }

  async #verifyOnce(given: Credentials): Promise<Principal | undefined> {
    if (roleOf(given) === 'administrator') return this.#verifyAdministrator(given)
    const { name, password } = given
    const jid = parseJid(name)
    const isAccount = jid !== undefined && jid.local !== '' && jid.resource === ''
    const account = isAccount ? jid.bare : NOBODY
    const right = await this.#users.verifyPassword(account, password)
    return right && isAccount ? { role: 'user', name: account, account } : undefined
  }

  async #verifyAdministrator({ name, password }: Credentials): Promise<Principal | undefined> {
    const administrator = await this.#administrators.get(name)
    const right = await verifyPassword(password, administrator?.passwordHash ?? (await this.#decoy))
    return administrator && right ? { role: 'administrator', name } : undefined
  }

  #refuseGuesser(given: Credentials, address: string): void {
    const waitMs = this.#throttles[roleOf(given)].waitMs(address)
    if (waitMs <= 0) return
    signIns.inc({ result: 'throttled' })
    throw new ApiError('TOO_MANY_FAILURES', undefined, Math.ceil(waitMs / 1000))
  }

  #byToken(token: string): Principal {
    const principal = this.#grants.get(`token ${token}`)
    if (!principal) throw new ApiError('SIGN_IN_REQUIRED')
    return principal
  }

  #revokeAll(name: string): void {
    this.#revocations += 1
    this.#grants.revokeAll(name)
    for (const listener of this.#revokeListeners) listener(name)
  }
}

/** A user's name has an at sign, which an administrator's cannot have. */
function roleOf({ name }: Credentials): Principal['role'] {
  return name.includes('@') ? 'user' : 'administrator'
}

/** Takes the place of a name that is none, so that it takes as long to refuse. */
const NOBODY = 'nobody@invalid' as BareJid

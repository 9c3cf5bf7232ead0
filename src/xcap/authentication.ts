/**
 * Who asks (RFC 4825 §8): by HTTP Digest (RFC 7616) where his domain keeps hashes for it, which every
 * XCAP client can, or by password or token as for the API. Within TLS only.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { type BareJid, bareJid } from '../core/address.ts'
import type { Domain } from '../directory/domain.ts'
import {
  type DigestAlgorithm,
  digestResponse,
  parseAlgorithm,
} from '../net/digest/digest-response.ts'
import { Nonces } from '../net/digest/nonces.ts'
import type { Clock } from '../util/clock.ts'
import { FailureThrottle } from '../util/failure-throttle.ts'
import { parseCredentials } from './credentials.ts'
import { XcapRefusal } from './xcap-refusal.ts'

export type XcapCaller =
  | { readonly role: 'administrator'; readonly name: string }
  | { readonly role: 'user'; readonly account: BareJid }

/** Passwords and tokens, as the API takes them. Throws `XcapRefusal` 401 without challenges, 429. */
export type CheckAuthorization = (authorization: string, address: string) => Promise<XcapCaller>

export interface AuthenticationDirectory {
  domains(): readonly Pick<Domain, 'name' | 'sipDigest'>[]
  exists(account: BareJid): boolean | Promise<boolean>
  ha1(
    account: BareJid,
    algorithm: DigestAlgorithm,
    kind: 'sip' | 'sip-address',
  ): Promise<string | undefined>
}

export interface AuthenticationDeps {
  readonly clock: Clock
  readonly directory: AuthenticationDirectory
  readonly check: CheckAuthorization
}

export interface Asking {
  readonly method: string
  /** As it was sent. */
  readonly url: string
  readonly authorization: string | undefined
  /** The network address. */
  readonly address: string
  /** The domain that he is asked to prove himself to. */
  readonly realm: string
}

/** The best first (RFC 8760 §2.4). */
const OFFERS: Readonly<Record<Domain['sipDigest'], readonly DigestAlgorithm[]>> = {
  off: [],
  md5: ['MD5'],
  'sha-256': ['SHA-256'],
  both: ['SHA-256', 'MD5'],
}

export class XcapAuthentication {
  readonly #deps: AuthenticationDeps
  readonly #nonces: Nonces
  readonly #throttle: FailureThrottle
  /** Compared with for users that do not exist, so that they take as long. */
  readonly #decoy = randomBytes(32).toString('hex')

  constructor(deps: AuthenticationDeps) {
    this.#deps = deps
    this.#nonces = new Nonces(deps.clock)
    this.#throttle = new FailureThrottle(deps.clock)
  }

  /** Throws `XcapRefusal` 401 with challenges, 400, 429. */
  async identify(asking: Asking): Promise<XcapCaller> {
    const { authorization, address, realm } = asking
    if (authorization === undefined) throw this.#challenge(realm)
    const scheme = authorization.split(' ', 1)[0]?.toLowerCase()
    if (scheme === 'digest') {
      return { role: 'user', account: await this.#byDigest(asking, authorization) }
    }
    const whole = scheme === 'basic' ? await this.#withDomain(authorization, realm) : authorization
    try {
      return await this.#deps.check(whole, address)
    } catch (error) {
      if (error instanceof XcapRefusal && error.status === 401) throw this.#challenge(realm)
      throw error
    }
  }

  /** A user may leave his domain out; who is no user there is an administrator. */
  async #withDomain(authorization: string, realm: string): Promise<string> {
    const given = Buffer.from(authorization.slice(6), 'base64').toString()
    const colon = given.indexOf(':')
    const name = given.slice(0, colon)
    const account = colon > 0 && !name.includes('@') ? bareJid(name, realm) : undefined
    if (!account || !(await this.#deps.directory.exists(account))) return authorization
    return `Basic ${Buffer.from(account + given.slice(colon)).toString('base64')}`
  }

  async #byDigest({ method, url, address }: Asking, authorization: string): Promise<BareJid> {
    const waitMs = this.#throttle.waitMs(address)
    if (waitMs > 0) {
      const retryAfter = String(Math.ceil(waitMs / 1000))
      throw new XcapRefusal(429, 'Too many wrong passwords', { 'retry-after': retryAfter })
    }
    const given = parseCredentials(authorization)
    if (!given) throw new XcapRefusal(400, 'The credentials cannot be read')
    const { username, realm, nonce, nc, response } = given
    const algorithm = parseAlgorithm(given.algorithm)
    const account = accountOf(username, realm)
    const isOffered = algorithm !== undefined && this.#offers(realm).includes(algorithm)
    // RFC 7616 §3.4.6: credentials are for one resource.
    if (!account || !isOffered || given.uri !== url) throw this.#challenge(realm)
    const kind = username.includes('@') ? 'sip-address' : 'sip'
    const ha1 = await this.#deps.directory.ha1(account, algorithm, kind)
    const expected = digestResponse({ ...given, algorithm, method, ha1: ha1 ?? this.#decoy })
    if (!isEqual(expected, response.toLowerCase()) || ha1 === undefined) {
      this.#throttle.failed(address)
      throw this.#challenge(realm)
    }
    if (!this.#nonces.use(nonce, realm, Number.parseInt(nc, 16))) throw this.#challenge(realm, true)
    return account
  }

  #offers(realm: string): readonly DigestAlgorithm[] {
    const domain = this.#deps.directory.domains().find(({ name }) => name === realm)
    return OFFERS[domain?.sipDigest ?? 'off']
  }

  #challenge(realm: string, stale = false): XcapRefusal {
    const digests = this.#offers(realm).map(
      (algorithm) =>
        `Digest realm="${realm}", nonce="${this.#nonces.issue(realm)}", algorithm=${algorithm}, ` +
        `qop="auth"${stale ? ', stale=true' : ''}`,
    )
    const basic = `Basic realm="${realm}", charset="UTF-8"`
    return new XcapRefusal(401, 'Sign in', { 'www-authenticate': [...digests, basic] })
  }
}

/** `alice` or `alice@domain`, of this realm only. */
function accountOf(username: string, realm: string): BareJid | undefined {
  const at = username.lastIndexOf('@')
  if (at < 0) return bareJid(username, realm)
  return username.slice(at + 1).toLowerCase() === realm
    ? bareJid(username.slice(0, at), realm)
    : undefined
}

function isEqual(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)]
  return left.length === right.length && timingSafeEqual(left, right)
}

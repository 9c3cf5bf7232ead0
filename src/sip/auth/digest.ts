/**
 * Digest authentication of requests to us (RFC 3261 §22, RFC 7616, RFC 8760): qop=auth with SHA-256 and MD5,
 * each only where the domain keeps hashes for it.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import { bareJid } from '../../core/address.ts'
import {
  type DigestAlgorithm,
  digestResponse,
  parseAlgorithm,
} from '../../net/digest/digest-response.ts'
import { type NonceOptions, Nonces } from '../../net/digest/nonces.ts'
import type { Clock } from '../../util/clock.ts'
import { counter } from '../../util/metrics.ts'
import type { HeaderFields } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { parseAuthParams } from '../message/values.ts'

const attempts = counter({
  name: 'heliograph_sip_authentications_total',
  help: 'Digest authentications, by result.',
  labels: ['result'],
})

/** What digest needs of the directory. */
export interface DigestDirectory {
  domains(): readonly { readonly name: string; readonly sipDigest: SipDigest }[]
  /**
   * H(user name:domain:password), where the user name is the local part (`sip`) or the account (`sip-address`);
   * `undefined` for who is unknown, disabled, or has no such hash.
   */
  ha1(
    account: BareJid,
    algorithm: DigestAlgorithm,
    kind: 'sip' | 'sip-address',
  ): Promise<string | undefined>
}

export type SipDigest = 'off' | 'md5' | 'sha-256' | 'both'

export type DigestVerdict =
  | { readonly kind: 'authenticated'; readonly user: BareJid }
  /** No credentials for this realm. */
  | { readonly kind: 'absent' }
  /** The password was right and the nonce is not: the client may go on with a new one. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'wrong' }
  /** The credentials lack something. */
  | { readonly kind: 'malformed' }

/** RFC 8760 §2.4: the most preferred first. */
const OFFERS: Readonly<Record<SipDigest, readonly DigestAlgorithm[]>> = {
  off: [],
  md5: ['MD5'],
  'sha-256': ['SHA-256'],
  both: ['SHA-256', 'MD5'],
}

/** §22.2, §22.3: whoever handles a request, or only hands it on, asks for himself. */
export type DigestRole = 'server' | 'proxy'

const FIELDS: Readonly<Record<DigestRole, { challenge: string; credentials: string }>> = {
  server: { challenge: 'WWW-Authenticate', credentials: 'Authorization' },
  proxy: { challenge: 'Proxy-Authenticate', credentials: 'Proxy-Authorization' },
}

interface Credentials {
  readonly username: string
  /**
   * Not compared with the request-URI (RFC 7616 §3.4.6): each nonce count is good once, so that nobody can use
   * overheard credentials for another request, and proxies change request-URIs.
   * @COMPAT(SIPp, 3.7): it writes the address of its peer.
   */
  readonly uri: string
  readonly nonce: string
  readonly nc: string
  readonly cnonce: string
  readonly response: string
  readonly algorithm: DigestAlgorithm
}

export class DigestAuth {
  readonly #directory: DigestDirectory
  readonly #nonces: Nonces
  /** Compared against for users that do not exist, so that they take as long. */
  readonly #decoy = randomBytes(32).toString('hex')

  constructor(deps: { clock: Clock; directory: DigestDirectory }, options: NonceOptions = {}) {
    this.#directory = deps.directory
    this.#nonces = new Nonces(deps.clock, options)
  }

  /** The algorithms that the domain can check, best first; none where its SIP digest is off or it is not ours. */
  algorithms(realm: string): readonly DigestAlgorithm[] {
    const domain = this.#directory.domains().find(({ name }) => name === realm)
    return OFFERS[domain?.sipDigest ?? 'off']
  }

  /** One WWW-Authenticate (or Proxy-Authenticate) an algorithm (RFC 8760 §2.4), to go with a 401 (407). */
  challenge(realm: string, stale = false, as: DigestRole = 'server'): HeaderFields {
    return this.algorithms(realm).map((algorithm) => [
      FIELDS[as].challenge,
      [
        `Digest realm="${realm}"`,
        `nonce="${this.#nonces.issue(realm)}"`,
        `algorithm=${algorithm}`,
        'qop="auth"',
        ...(stale ? ['stale=true'] : []),
      ].join(', '),
    ])
  }

  /** Checks the credentials that the request carries for this realm, a domain of ours. */
  async verify(
    request: SipRequest,
    realm: string,
    as: DigestRole = 'server',
  ): Promise<DigestVerdict> {
    const params = credentialsFor(request, realm, FIELDS[as].credentials)
    const verdict = await this.#verify(request, realm, params)
    attempts.inc({ result: verdict.kind })
    return verdict
  }

  async #verify(
    request: SipRequest,
    realm: string,
    params: ReadonlyMap<string, string> | undefined,
  ): Promise<DigestVerdict> {
    if (!params) return { kind: 'absent' }
    const credentials = parseCredentials(params)
    if (!credentials) return { kind: 'malformed' }
    if (!this.algorithms(realm).includes(credentials.algorithm)) return { kind: 'wrong' }

    const { username, algorithm } = credentials
    const user = accountOf(username, realm)
    // What the client hashed is the user name in the form that it gave.
    const kind = username.includes('@') ? 'sip-address' : 'sip'
    const ha1 = user && (await this.#directory.ha1(user, algorithm, kind))
    const expected = digestResponse({
      ...credentials,
      ha1: ha1 ?? this.#decoy,
      method: request.method,
    })
    const matches = equalInConstantTime(expected, credentials.response.toLowerCase())
    if (!user || !ha1 || !matches) return { kind: 'wrong' }
    // RFC 7616 §3.3: stale only tells who knows the password that it is the nonce's fault.
    const count = Number.parseInt(credentials.nc, 16)
    if (!this.#nonces.use(credentials.nonce, realm, count)) return { kind: 'stale' }
    return { kind: 'authenticated', user }
  }
}

/** A client may carry credentials for several realms (RFC 3261 §22.3). */
function credentialsFor(
  request: SipRequest,
  realm: string,
  field: string,
): ReadonlyMap<string, string> | undefined {
  for (const header of request.headers.getRaw(field)) {
    const { scheme, params } = parseAuthParams(header) ?? {}
    if (scheme?.toLowerCase() === 'digest' && params?.get('realm')?.toLowerCase() === realm) {
      return params
    }
  }
  return undefined
}

function parseCredentials(params: ReadonlyMap<string, string>): Credentials | undefined {
  const algorithm = parseAlgorithm(params.get('algorithm'))
  const username = params.get('username')
  const uri = params.get('uri')
  const nonce = params.get('nonce')
  const nc = params.get('nc')
  const cnonce = params.get('cnonce')
  const response = params.get('response')
  if (!algorithm || !username || !uri || !nonce || !nc || !cnonce || !response) return undefined
  if (params.get('qop')?.toLowerCase() !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc)) return undefined
  return { username, uri, nonce, nc, cnonce, response, algorithm }
}

/** `alice` or `alice@domain`, of this realm only. */
function accountOf(username: string, realm: string): BareJid | undefined {
  const at = username.lastIndexOf('@')
  if (at < 0) return bareJid(username, realm)
  return username.slice(at + 1).toLowerCase() === realm
    ? bareJid(username.slice(0, at), realm)
    : undefined
}

function equalInConstantTime(expected: string, given: string): boolean {
  const left = Buffer.from(expected)
  const right = Buffer.from(given)
  return left.length === right.length && timingSafeEqual(left, right)
}

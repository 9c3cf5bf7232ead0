/** Who sends a request: proven by digest, or said by a peer that is trusted to know (RFC 3325). */
import type { BareJid } from '../../core/address.ts'
import type { NonceOptions } from '../../net/digest/nonces.ts'
import type { Clock } from '../../util/clock.ts'
import { FailureThrottle, type ThrottleOptions } from '../../util/failure-throttle.ts'
import type { Log } from '../../util/log.ts'
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { parseSipUri } from '../message/uri.ts'
import { parseNameAddr } from '../message/values.ts'
import type { Peer, ServerTransaction } from '../user-agent.ts'
import { DigestAuth, type DigestDirectory, type DigestRole } from './digest.ts'

export interface SipIdentity {
  /** The account, where the one who asks is a user of ours. */
  readonly address: BareJid | undefined
  /** The URI that he goes by: P-Asserted-Identity, or From. */
  readonly uri: string
  /** A trusted peer vouches for him; nothing was proven here. */
  readonly trusted: boolean
}

export interface IdentityDirectory extends DigestDirectory {
  resolve(
    address: string,
  ): Promise<{ readonly kind: 'user'; readonly account: BareJid } | { readonly kind: OtherKind }>
}

type OtherKind = 'unknown' | 'ambiguous' | 'malformed'

export interface IdentityDeps {
  readonly clock: Clock
  readonly log: Log
  readonly directory: IdentityDirectory
}

type Asking = Pick<ServerTransaction, 'request' | 'source'>

const CHALLENGES: Readonly<Record<DigestRole, number>> = { server: 401, proxy: 407 }

export class SipAuthenticator {
  readonly #log: Log
  readonly #directory: IdentityDirectory
  readonly #digest: DigestAuth
  readonly #throttle: FailureThrottle

  constructor(
    { clock, log, directory }: IdentityDeps,
    options: { nonces?: NonceOptions; throttle?: ThrottleOptions } = {},
  ) {
    this.#log = log
    this.#directory = directory
    this.#digest = new DigestAuth({ clock, directory }, options.nonces)
    this.#throttle = new FailureThrottle(clock, options.throttle)
  }

  /**
   * Throws `SipError` 401 with challenges where a proof is wanted, 403 where none would help:
   * the domain has no SIP digest, From names somebody else, or the peer has guessed too often.
   */
  async identify(tx: ServerTransaction): Promise<SipIdentity> {
    return tx.trusted ? this.#vouchedFor(tx.request) : this.#proven(tx, 'server')
  }

  /** As `identify`, for a request that goes on to somebody else: 407 and Proxy-Authorization (§22.3). */
  identifyForRelay(request: SipRequest, source: Peer): Promise<SipIdentity> {
    return this.#proven({ request, source }, 'proxy')
  }

  async #proven(tx: Asking, as: DigestRole): Promise<SipIdentity> {
    const waitMs = this.#throttle.waitMs(tx.source.host)
    if (waitMs > 0) {
      const seconds = String(Math.ceil(waitMs / 1000))
      throw new SipError(403, 'Too Many Failed Attempts', [['Retry-After', seconds]])
    }
    const user = await this.#authenticate(tx, as)
    const uri = fromUri(tx.request)
    // §22.1 leaves it to the server whom a user may speak as: only as himself, under any of his addresses.
    if ((await this.#accountOf(uri)) !== user) {
      throw new SipError(403, 'From Is Not the Authenticated User')
    }
    return { address: user, uri, trusted: false }
  }

  async #vouchedFor(request: SipRequest): Promise<SipIdentity> {
    const uri = assertedUri(request) ?? fromUri(request)
    return { address: await this.#accountOf(uri), uri, trusted: true }
  }

  async #authenticate({ request, source }: Asking, as: DigestRole): Promise<BareJid> {
    const realm = this.#realmOf(request)
    if (realm === undefined) throw new SipError(403, 'Not a User of This Server')
    if (this.#digest.algorithms(realm).length === 0) {
      throw new SipError(403, 'SIP Digest Is off for This Domain')
    }
    const verdict = await this.#digest.verify(request, realm, as)
    if (verdict.kind === 'authenticated') return verdict.user
    if (verdict.kind === 'malformed') throw new SipError(400, 'Bad Credentials')
    if (verdict.kind === 'wrong') {
      this.#throttle.failed(source.host)
      this.#log.info({ what: 'sip_authentication_failed', peer: source.host, realm })
    }
    const isStale = verdict.kind === 'stale'
    throw new SipError(CHALLENGES[as], undefined, this.#digest.challenge(realm, isStale, as))
  }

  /** The domain of him who asks; he proves himself at home, whomever he asks for. */
  #realmOf(request: SipRequest): string | undefined {
    const host = parseSipUri(fromUri(request))?.host.toLowerCase()
    return this.#directory.domains().find(({ name }) => name === host)?.name
  }

  async #accountOf(uri: string): Promise<BareJid | undefined> {
    const resolution = await this.#directory.resolve(uri)
    return resolution.kind === 'user' ? resolution.account : undefined
  }
}

function fromUri(request: SipRequest): string {
  const uri = parseNameAddr(request.headers.get('From') ?? '')?.uri
  if (uri === undefined) throw new SipError(400, 'Bad From')
  return uri
}

/** RFC 3325 §9.1: a SIP URI, a tel URI, or one of each; the SIP one says more. */
function assertedUri(request: SipRequest): string | undefined {
  const uris = request.headers
    .getAll('P-Asserted-Identity')
    .flatMap((value) => parseNameAddr(value)?.uri ?? [])
  return uris.find((uri) => /^sips?:/i.test(uri)) ?? uris[0]
}

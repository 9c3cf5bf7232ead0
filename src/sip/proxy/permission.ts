/** Whose requests are relayed (RFC 3261 §16.3 step 6): nobody's but those whom the operator trusts, and users' who prove themselves. */
import type { SipIdentity } from '../auth/identity.ts'
import type { TrustedPeers } from '../auth/trusted-peers.ts'
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import type { Peer } from '../transport/transport.ts'

export type Allowed = 'trusted' | 'users' | 'anyone'

export interface PermissionDeps {
  readonly trustedPeers: TrustedPeers
  /** By Proxy-Authorization (§22.3). Throws `SipError` 407 with challenges, or 403. */
  readonly identify: (request: SipRequest, source: Peer) => Promise<SipIdentity>
}

export interface Sender {
  readonly isTrusted: boolean
  /** Proven here. */
  readonly uri: string | undefined
}

export class Permission {
  readonly #deps: PermissionDeps

  constructor(deps: PermissionDeps) {
    this.#deps = deps
  }

  trusts({ host, flow }: Peer): boolean {
    return this.#deps.trustedPeers.trusts(host, flow?.provenNames ?? [])
  }

  /** Throws `SipError` 403 or 407. Nobody can be asked for a password in an ACK (§22.1). */
  async require(request: SipRequest, source: Peer, allowed: Allowed): Promise<Sender> {
    if (this.trusts(source)) return { isTrusted: true, uri: undefined }
    if (allowed === 'anyone') return { isTrusted: false, uri: undefined }
    if (allowed === 'trusted' || request.method === 'ACK')
      throw new SipError(403, 'No Relay for You')
    const { uri } = await this.#deps.identify(request, source)
    return { isTrusted: false, uri }
  }
}

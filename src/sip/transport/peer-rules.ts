/** What is different for single peers that we send requests to. */
import { TrustedPeers } from '../auth/trusted-peers.ts'
import type { Peer, TransportName } from './transport.ts'

/** What a peer's certificate must show when we connect to it. */
export type TlsCheck = 'name' | 'authority' | 'off'

export interface PeerRule {
  /** Addresses, networks, domain names. */
  readonly peers: readonly string[]
  /** Where no URI says. */
  readonly transport: TransportName | undefined
  readonly maxUdpRequestBytes: number
  readonly tlsCheck: TlsCheck | undefined
  readonly minTlsVersion: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** Milliseconds; 0 for never. */
  readonly keepAliveMs: number
}

export class PeerRules {
  readonly #rules: readonly { readonly rule: PeerRule; readonly whom: TrustedPeers }[]

  constructor(rules: readonly PeerRule[]) {
    this.#rules = rules.map((rule) => ({ rule, whom: new TrustedPeers(rule.peers) }))
  }

  /** The first one counts. */
  for({ host, domain = host }: Pick<Peer, 'host' | 'domain'>): PeerRule | undefined {
    if (this.#rules.length === 0) return undefined
    return this.#rules.find(({ whom }) => whom.trusts(host, [domain.toLowerCase()]))?.rule
  }
}

/** How much new work one peer may bring in a second; above it, it is told to wait (RFC 3261 §21.5.4). */
import type { Clock } from '../../util/clock.ts'
import { counter } from '../../util/metrics.ts'
import type { TrustedPeers } from '../auth/trusted-peers.ts'
import type { Arrival } from '../transport/transports.ts'

export interface PeerRateLimits {
  /** Requests; 0 where there is no limit. */
  readonly perSecond: number
  /** Of peers whose word is taken: others' requests come through them. */
  readonly perSecondTrusted: number
}

export interface PeerRateDeps {
  readonly clock: Clock
  readonly trustedPeers: TrustedPeers
  readonly limits: PeerRateLimits
}

interface Bucket {
  readonly perSecond: number
  left: number
  at: number
}

/** So many seconds' worth may come at once. */
const BURST_SECONDS = 2
/** What an address that has been quiet had left is what it would have anew. */
const MAX_PEERS = 10_000

const refused = counter({
  name: 'heliograph_sip_peer_limited_total',
  help: 'SIP requests refused because their peer sent too many.',
})

export class PeerRates {
  readonly #deps: PeerRateDeps
  readonly #buckets = new Map<string, Bucket>()

  constructor(deps: PeerRateDeps) {
    this.#deps = deps
  }

  /** Whether there is room for one more request of this peer, which then counts. */
  admits({ source, flow }: Arrival): boolean {
    const now = this.#deps.clock.now()
    const bucket = this.#buckets.get(source.host) ?? this.#open(source.host, flow.provenNames, now)
    if (bucket.perSecond === 0) return true
    fill(bucket, now)
    if (bucket.left < 1) {
      refused.inc()
      return false
    }
    bucket.left -= 1
    return true
  }

  #open(host: string, provenNames: readonly string[], now: number): Bucket {
    const { trustedPeers, limits } = this.#deps
    const isTrusted = trustedPeers.trusts(host, provenNames)
    const perSecond = isTrusted ? limits.perSecondTrusted : limits.perSecond
    if (this.#buckets.size >= MAX_PEERS) this.#forgetOldest()
    const bucket = { perSecond, left: perSecond * BURST_SECONDS, at: now }
    this.#buckets.set(host, bucket)
    return bucket
  }

  #forgetOldest(): void {
    for (const host of this.#buckets.keys()) {
      this.#buckets.delete(host)
      if (this.#buckets.size < (MAX_PEERS * 9) / 10) return
    }
  }
}

function fill(bucket: Bucket, now: number): void {
  const { perSecond, left, at } = bucket
  bucket.left = Math.min(perSecond * BURST_SECONDS, left + ((now - at) / 1000) * perSecond)
  bucket.at = now
}

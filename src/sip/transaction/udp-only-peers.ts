/**
 * Peers that accepted no TCP connection lately. RFC 3261 §18.1.1 has a long request try TCP first, and
 * take UDP where that fails: asking again for each NOTIFY would cost more than the NOTIFY.
 */
import type { Clock } from '../../util/clock.ts'
import { ExpiringSet } from '../../util/expiring-set.ts'
import type { Peer } from '../transport/transport.ts'

const REMEMBERED_MS = 300_000
const MAX_PEERS = 10_000

export class UdpOnlyPeers {
  readonly #peers: ExpiringSet

  constructor(clock: Clock) {
    this.#peers = new ExpiringSet(clock, MAX_PEERS)
  }

  add(peer: Peer): void {
    this.#peers.add(keyOf(peer), REMEMBERED_MS)
  }

  has(peer: Peer): boolean {
    return this.#peers.size > 0 && this.#peers.has(keyOf(peer))
  }
}

const keyOf = ({ host, port }: Peer) => `${host} ${port}`

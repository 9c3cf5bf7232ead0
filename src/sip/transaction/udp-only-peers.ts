/**
 * Peers that accepted no TCP connection lately. RFC 3261 §18.1.1 has a long request try TCP first, and
 * take UDP where that fails: asking again for each NOTIFY would cost more than the NOTIFY.
 */
import type { Clock } from '../../util/clock.ts'
import type { Peer } from '../transport/transport.ts'

const REMEMBERED_MS = 300_000
const MAX_PEERS = 10_000

export class UdpOnlyPeers {
  readonly #clock: Clock
  /** Until when, by address and port. */
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(peer: Peer): void {
    if (this.#until.size >= MAX_PEERS) this.#until.clear()
    this.#until.set(keyOf(peer), this.#clock.now() + REMEMBERED_MS)
  }

  has(peer: Peer): boolean {
    if (this.#until.size === 0) return false
    const key = keyOf(peer)
    const until = this.#until.get(key)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#until.delete(key)
    return false
  }
}

const keyOf = ({ host, port }: Peer) => `${host} ${port}`

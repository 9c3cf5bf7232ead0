/** Finds next hops, and remembers those that failed lately, so that they are tried last (RFC 3263 §4.3). */
import type { Clock } from '../../util/clock.ts'
import { ExpiringSet } from '../../util/expiring-set.ts'
import type { SipUri } from '../message/uri.ts'
import type { Via } from '../message/via.ts'
import type { NameResolver } from './dns/records.ts'
import { type LocateDeps, locate, locateHost, locateSender, locateService } from './locate.ts'
import { type Peer, parseTransportName, type TransportName } from './transport.ts'

const MAX_FAILED = 10_000
/** However long a peer would like not to be asked again. */
const MAX_FAILED_MS = 300_000

export const DEFAULT_FAILED_MS = 30_000

export interface LocatorDeps {
  readonly clock: Clock
  readonly resolver: NameResolver
  readonly speaks: (transport: TransportName) => boolean
  readonly preferred?: ((host: string) => TransportName | undefined) | undefined
  /** How long a target that failed is tried last. */
  readonly failedMs?: number | undefined
}

export class Locator {
  readonly #deps: LocateDeps
  readonly #failed: ExpiringSet
  readonly #failedMs: number

  constructor({ clock, resolver, failedMs = DEFAULT_FAILED_MS, ...deps }: LocatorDeps) {
    const { speaks, preferred } = deps
    this.#deps = { resolver, speaks, ...(preferred && { preferred }) }
    this.#failed = new ExpiringSet(clock, MAX_FAILED)
    this.#failedMs = failedMs
  }

  /** Targets for a URI in the order in which they are to be tried. */
  async find(uri: SipUri): Promise<readonly Peer[]> {
    switch (uri.scheme) {
      case 'sip':
      case 'sips':
        return this.#healthyFirst(await locate(this.#deps, uri))
      case 'pres':
      case 'im':
        return this.#healthyFirst(await locateService(this.#deps, uri))
      default:
        return []
    }
  }

  async findHost(peer: Peer): Promise<readonly Peer[]> {
    return this.#healthyFirst(await locateHost(this.#deps, peer))
  }

  /** Whoever sent a request, by its Via. */
  async findSender({ transport: name, host, port }: Via): Promise<readonly Peer[]> {
    const transport = parseTransportName(name)
    if (!transport || transport === 'udp' || !this.#deps.speaks(transport)) return []
    return this.#healthyFirst(await locateSender(this.#deps, { transport, host, port }))
  }

  /** `ms` where the target said how long. */
  failed(target: Peer, ms = this.#failedMs): void {
    if (this.#failedMs > 0) this.#failed.add(keyOf(target), Math.min(ms, MAX_FAILED_MS))
  }

  answered(target: Peer): void {
    if (this.#failed.size > 0) this.#failed.delete(keyOf(target))
  }

  /** None is left out: what failed may be back, and there may be nobody else. */
  #healthyFirst(targets: readonly Peer[]): readonly Peer[] {
    if (this.#failed.size === 0 || targets.length < 2) return targets
    const { good = [], bad = [] } = Object.groupBy(targets, (target) =>
      this.#failed.has(keyOf(target)) ? 'bad' : 'good',
    )
    return [...good, ...bad]
  }
}

const keyOf = ({ transport, host, port }: Peer) => `${transport} ${host} ${port}`

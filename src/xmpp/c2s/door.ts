/** Lets clients in, as many as there may be whatever their transport, and knows who is there. */
import { counter, gauge } from '../../util/metrics.ts'
import type { OverloadGuard } from '../../util/overload.ts'
import { StreamError } from '../errors.ts'
import type { C2sConfig } from './config.ts'
import { Usage } from './intake.ts'

export const TRANSPORTS = ['tcp', 'websocket', 'bosh', 'polling'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** A client's connection, or what stands for one where the transport has none that lasts. */
export interface Visitor {
  readonly transport: Transport
  /** Who it is where limits are per address. */
  readonly source: string
  close(error: StreamError): void
}

/** All from one address. */
interface Origin {
  count: number
  readonly usage: Usage
}

const accepted = counter({
  name: 'heliograph_xmpp_connections_total',
  help: 'Client connections, by transport and by what became of them at the door.',
  labels: ['transport', 'result'],
})
const open = gauge({
  name: 'heliograph_xmpp_connections',
  help: 'Open client connections, by transport; sessions, where a transport has no connection that lasts.',
  labels: ['transport'],
})

export class Door {
  readonly #config: Pick<C2sConfig, 'maxConnections' | 'maxConnectionsPerAddress'>
  readonly #overload: OverloadGuard | undefined
  readonly #visitors = new Set<Visitor>()
  readonly #origins = new Map<string, Origin>()
  readonly #counts = new Map<Transport, number>()
  readonly #closed = new Set<Transport>()
  readonly #onLeft = new Set<() => void>()

  constructor(config: C2sConfig, overload: OverloadGuard | undefined) {
    this.#config = config
    this.#overload = overload
  }

  /** Why nobody more is let in from there, who is turned away then; `undefined` where he is. */
  refusal(transport: Transport, source: string, isFull = false): string | undefined {
    const reason = isFull ? 'too many connections' : this.#reason(transport, source)
    if (reason !== undefined) accepted.inc({ transport, result: 'refused' })
    return reason
  }

  #reason(transport: Transport, source: string): string | undefined {
    if (this.#closed.has(transport)) return 'the server is shutting down'
    const { maxConnections, maxConnectionsPerAddress } = this.#config
    const fromThere = this.#origins.get(source)?.count ?? 0
    if (this.#visitors.size >= maxConnections || fromThere >= maxConnectionsPerAddress) {
      return 'too many connections'
    }
    if (!this.#overload?.isOverloaded) return undefined
    this.#overload.refused('xmpp')
    return 'the server is overloaded; try again later'
  }

  /** One more from there, made by `make` of what all from there have said; nobody is asked any more. */
  admit<V extends Visitor>(source: string, make: (usage: Usage) => V): V {
    const origin = this.#origins.get(source) ?? { count: 0, usage: new Usage() }
    const visitor = make(origin.usage)
    const { transport } = visitor
    accepted.inc({ transport, result: 'accepted' })
    this.#visitors.add(visitor)
    origin.count += 1
    this.#origins.set(source, origin)
    this.#counts.set(transport, this.#countOf(transport) + 1)
    open.inc({ transport })
    return visitor
  }

  /** False where it had gone before. */
  left(visitor: Visitor): boolean {
    if (!this.#visitors.delete(visitor)) return false
    const { transport, source } = visitor
    this.#counts.set(transport, this.#countOf(transport) - 1)
    open.dec({ transport })
    const origin = this.#origins.get(source)
    if (origin) origin.count -= 1
    if (origin?.count === 0) this.#origins.delete(source)
    for (const tell of this.#onLeft) tell()
    this.#onLeft.clear()
    return true
  }

  /** Lets nobody in any more who comes this way, and closes those who did (RFC 6120 §4.9.3.20); resolves when they have gone. */
  async closeAll(transports: readonly Transport[] = TRANSPORTS): Promise<void> {
    for (const transport of transports) this.#closed.add(transport)
    for (const visitor of this.#visitors) {
      if (transports.includes(visitor.transport)) visitor.close(new StreamError('system-shutdown'))
    }
    while (transports.some((transport) => this.#countOf(transport) > 0)) {
      await new Promise<void>((left) => this.#onLeft.add(left))
    }
  }

  #countOf(transport: Transport): number {
    return this.#counts.get(transport) ?? 0
  }
}

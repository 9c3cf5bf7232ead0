/** Lets clients in, as many as there may be whatever their transport, and knows who is there. */
import { counter, gauge } from '../../util/metrics.ts'
import type { OverloadGuard } from '../../util/overload.ts'
import { StreamError } from '../errors.ts'
import type { C2sConfig } from './config.ts'
import { Usage } from './intake.ts'

export type Transport = 'tcp' | 'websocket' | 'bosh' | 'polling'

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
  #emptied: (() => void) | undefined
  #isClosed = false

  constructor(config: C2sConfig, overload: OverloadGuard | undefined) {
    this.#config = config
    this.#overload = overload
  }

  /** Why nobody more is let in from there, who is turned away then; `undefined` where he is. */
  refusal(transport: Transport, source: string): string | undefined {
    const reason = this.#reason(source)
    if (reason !== undefined) accepted.inc({ transport, result: 'refused' })
    return reason
  }

  #reason(source: string): string | undefined {
    if (this.#isClosed) return 'the server is shutting down'
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
    open.inc({ transport })
    return visitor
  }

  left(visitor: Visitor): void {
    if (!this.#visitors.delete(visitor)) return
    const { transport, source } = visitor
    open.dec({ transport })
    const origin = this.#origins.get(source)
    if (origin) origin.count -= 1
    if (origin?.count === 0) this.#origins.delete(source)
    if (this.#visitors.size === 0) this.#emptied?.()
  }

  /** RFC 6120 §4.9.3.20; resolves when everybody has gone. */
  async closeAll(): Promise<void> {
    this.#isClosed = true
    for (const visitor of this.#visitors) visitor.close(new StreamError('system-shutdown'))
    if (this.#visitors.size === 0) return
    await new Promise<void>((emptied) => {
      this.#emptied = emptied
    })
  }
}

/** The open connections by (transport, remote host, remote port), and how many there may be. */
import type { TransportLimits } from './limits.ts'
import { connectionsRefused } from './metrics.ts'
import type { Connection, Peer, TransportName } from './transport.ts'

export function connectionKey(transport: TransportName, host: string, port: number): string {
  return `${transport} ${host} ${port}`
}

function isTls(transport: TransportName): boolean {
  return transport === 'tls' || transport === 'wss'
}

/** A place for one connection; given back once, when its socket is gone. */
export interface Seat {
  release(): void
}

export class ConnectionTable {
  readonly #limits: TransportLimits
  readonly #byPeer = new Map<string, Connection>()
  readonly #perAddress = new Map<string, number>()
  #seats = 0
  #tlsSeats = 0

  constructor(limits: TransportLimits) {
    this.#limits = limits
  }

  /** `undefined` where there are too many, in all or with this address. */
  admit(host: string, transport: TransportName): Seat | undefined {
    if (!this.hasRoomFor(host, transport)) return undefined
    if (isTls(transport)) this.#tlsSeats += 1
    const already = this.#perAddress.get(host) ?? 0
    this.#seats += 1
    this.#perAddress.set(host, already + 1)
    let taken = true
    return {
      release: () => {
        if (taken) this.#release(host, transport)
        taken = false
      },
    }
  }

  /** Counts who is turned away. */
  hasRoomFor(host: string, transport: TransportName): boolean {
    const already = this.#perAddress.get(host) ?? 0
    if (this.#seats >= this.#limits.maxConnections) {
      connectionsRefused.inc({ reason: 'too_many' })
      return false
    }
    if (isTls(transport) && this.#tlsSeats >= this.#limits.maxTlsConnections) {
      connectionsRefused.inc({ reason: 'too_many_tls' })
      return false
    }
    if (already >= this.#limits.maxConnectionsPerAddress) {
      connectionsRefused.inc({ reason: 'too_many_from_address' })
      return false
    }
    return true
  }

  add(connection: Connection): void {
    const { transport, remote } = connection
    this.#byPeer.set(connectionKey(transport, remote.host, remote.port), connection)
  }

  /** Only the very connection: a newer one to the same peer stays. */
  remove(connection: Connection): void {
    const { transport, remote } = connection
    const key = connectionKey(transport, remote.host, remote.port)
    if (this.#byPeer.get(key) === connection) this.#byPeer.delete(key)
  }

  get({ transport, host, port }: Peer): Connection | undefined {
    return this.#byPeer.get(connectionKey(transport, host, port))
  }

  get size(): number {
    return this.#byPeer.size
  }

  all(): readonly Connection[] {
    return [...this.#byPeer.values()]
  }

  #release(host: string, transport: TransportName): void {
    this.#seats -= 1
    if (isTls(transport)) this.#tlsSeats -= 1
    const left = (this.#perAddress.get(host) ?? 1) - 1
    if (left > 0) this.#perAddress.set(host, left)
    else this.#perAddress.delete(host)
  }
}

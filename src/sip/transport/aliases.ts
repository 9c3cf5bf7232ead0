/**
 * Connections of others that we may use the other way (RFC 5923): over TLS alone, and for nothing but the names that
 * the peer's certificate proves. Whoever says that he is reached at an address gets what is meant for his own names there.
 */
import type { SipRequest } from '../message/message.ts'
import { topVia } from '../message/values.ts'
import { type Connection, defaultPort, type Peer } from './transport.ts'

/** A peer is reached at one port, or at a few. */
const MAX_PORTS = 4
const MAX_NAMES = 16

export class Aliases {
  readonly #connections = new Map<string, Connection>()
  /** The keys of each, by the port. */
  readonly #keys = new Map<Connection, Map<number, readonly string[]>>()

  /** §8.2: where its top Via asks for it, a request's connection leads to the address that the Via names. */
  learn(request: SipRequest, connection: Connection): void {
    const { transport, remote, provenNames } = connection
    // §9.2: without a certificate as though it did not ask.
    if (transport !== 'tls' || provenNames.length === 0) return
    const via = topVia(request)
    if (!via?.params.has('alias')) return
    const port = via.port ?? defaultPort('tls')
    const known = this.#keys.get(connection) ?? new Map<number, readonly string[]>()
    if (known.has(port) || known.size >= MAX_PORTS) return
    const names = provenNames.slice(0, MAX_NAMES)
    const keys = names.map((name) => aliasKey(remote.host, port, name))
    for (const key of keys) {
      // The one that has it keeps it as long as it lasts.
      if (this.#connections.get(key)?.open !== true) this.#connections.set(key, connection)
    }
    this.#keys.set(connection, known.set(port, keys))
  }

  /** §8.2: the resolved address and the name that was asked for must both be an alias's. */
  find({ transport, host, port, domain = host }: Peer): Connection | undefined {
    if (transport !== 'tls' || this.#connections.size === 0) return undefined
    const found = this.#connections.get(aliasKey(host, port, domain.toLowerCase()))
    return found?.open ? found : undefined
  }

  forget(connection: Connection): void {
    const known = this.#keys.get(connection)
    if (!known) return
    for (const key of [...known.values()].flat()) {
      if (this.#connections.get(key) === connection) this.#connections.delete(key)
    }
    this.#keys.delete(connection)
  }
}

function aliasKey(host: string, port: number, name: string): string {
  return `${host} ${port} ${name}`
}

/** Which URIs name this server (RFC 3261 §16.4): its domains, and the addresses that it listens on. */
import { networkInterfaces } from 'node:os'
import type { Clock } from '../../util/clock.ts'
import type { SipUri } from '../message/uri.ts'
import { isNumericHost, isWildcard, normalizeHost } from '../transport/addresses.ts'
import { defaultPort, type Endpoint, type TransportName } from '../transport/transport.ts'

export interface OwnAddressesDeps {
  readonly clock: Clock
  readonly advertise: string | undefined
  isLocal(domain: string): boolean
  listening(): readonly (Endpoint & { readonly transport: TransportName })[]
}

/** Interfaces come and go, seldom. */
const INTERFACES_MS = 30_000

export class OwnAddresses {
  readonly #deps: OwnAddressesDeps
  #interfaces: { readonly hosts: ReadonlySet<string>; readonly until: number } | undefined

  constructor(deps: OwnAddressesDeps) {
    this.#deps = deps
  }

  /** A domain of ours, whatever the port, or an address and port that we listen on. */
  isOurs(uri: SipUri): boolean {
    const { advertise, isLocal, listening } = this.#deps
    if (uri.host === '') return false
    if (!isNumericHost(uri.host) && isLocal(uri.host)) return true
    const host = normalizeHost(uri.host)
    const isAdvertised = host === advertise
    if (isAdvertised && uri.port === undefined) return true
    const port = uri.port ?? portOf(uri)
    return listening().some((one) => one.port === port && (isAdvertised || this.#isAt(one, host)))
  }

  #isAt({ host }: Endpoint, address: string): boolean {
    return isWildcard(host) ? this.#isInterface(address) : host === address
  }

  #isInterface(address: string): boolean {
    const now = this.#deps.clock.now()
    if (!this.#interfaces || this.#interfaces.until <= now) {
      this.#interfaces = { hosts: interfaceHosts(), until: now + INTERFACES_MS }
    }
    return this.#interfaces.hosts.has(address)
  }
}

function portOf({ scheme, params }: SipUri): number {
  const isSecure = scheme === 'sips' || params.get('transport')?.toLowerCase() === 'tls'
  return defaultPort(isSecure ? 'tls' : 'udp')
}

function interfaceHosts(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return new Set(all.map(({ address }) => normalizeHost(address)))
}

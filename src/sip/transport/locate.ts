/**
 * Where a URI leads (RFC 3263 §4): a numeric host or an explicit port directly, a name by SRV and then by address.
 * The transports are tried that we speak, in our order of preference; NAPTR is not asked.
 */

import { randomInt } from 'node:crypto'
import { lookup, Resolver } from 'node:dns/promises'
import type { SipUri } from '../message/uri.ts'
import { isNumericHost, normalizeHost } from './addresses.ts'
import { defaultPort, type Peer, parseTransportName, type TransportName } from './transport.ts'

export interface SrvTarget {
  readonly priority: number
  readonly weight: number
  readonly name: string
  readonly port: number
}

/** Both answer nothing, rather than reject, for a name that does not exist. */
export interface NameResolver {
  srv(name: string): Promise<readonly SrvTarget[]>
  addresses(name: string): Promise<readonly string[]>
}

const DNS_TIMEOUT_MS = 2_000
const DNS_TRIES = 2
const MAX_TARGETS = 8

/** The system's: SRV from the configured name servers, addresses as any program finds them (`/etc/hosts` too). */
export function systemResolver(): NameResolver {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  return {
    srv: (name) => resolver.resolveSrv(name).catch(() => []),
    addresses: async (name) => {
      const found = await lookup(name, { all: true }).catch(() => [])
      return found.map(({ address }) => address)
    },
  }
}

interface LocateDeps {
  readonly resolver: NameResolver
  speaks(transport: TransportName): boolean
}

/**
 * In the order in which they are to be tried, at most eight.
 * Empty where the URI asks for a transport that we do not speak, or nothing is known of its host.
 */
export async function locate(deps: LocateDeps, uri: SipUri): Promise<readonly Peer[]> {
  const transports = transportsFor(deps, uri)
  const [preferred] = transports
  const host = normalizeHost(uri.params.get('maddr') ?? uri.host)
  if (!preferred) return []
  if (isNumericHost(host)) {
    return [{ transport: preferred, host, port: uri.port ?? defaultPort(preferred) }]
  }
  if (uri.port !== undefined) {
    return addressTargets(deps, { name: host, port: uri.port, transport: preferred, domain: host })
  }
  for (const transport of transports) {
    const targets = await srvTargets(deps, host, transport)
    if (targets.length > 0) return targets
  }
  const port = defaultPort(preferred)
  return addressTargets(deps, { name: host, port, transport: preferred, domain: host })
}

/** A peer that is named, its address found; the first where there are several. */
export async function locateHost(deps: LocateDeps, peer: Peer): Promise<readonly Peer[]> {
  const host = normalizeHost(peer.host)
  if (isNumericHost(host)) return [{ ...peer, host }]
  return addressTargets(deps, {
    name: host,
    port: peer.port,
    transport: peer.transport,
    domain: peer.domain ?? host,
  })
}

/** §4.1: what the URI demands, or else UDP, TCP and TLS; a `sips` URI only ever goes by TLS (RFC 5630 §3.1). */
function transportsFor({ speaks }: LocateDeps, uri: SipUri): readonly TransportName[] {
  const named = uri.params.get('transport')
  const wanted = named === undefined ? undefined : parseTransportName(named)
  if (named !== undefined && !wanted) return []
  if (uri.scheme === 'sips') return wanted === 'udp' || !speaks('tls') ? [] : ['tls']
  const candidates: readonly TransportName[] = wanted ? [wanted] : ['udp', 'tcp', 'tls']
  return candidates.filter((transport) => speaks(transport))
}

async function srvTargets(
  deps: LocateDeps,
  domain: string,
  transport: TransportName,
): Promise<readonly Peer[]> {
  const service = transport === 'tls' ? '_sips._tcp' : `_sip._${transport}`
  const records = await deps.resolver.srv(`${service}.${domain}`)
  const targets: Peer[] = []
  for (const { name, port } of inOrder(records)) {
    if (targets.length >= MAX_TARGETS) break
    targets.push(...(await addressTargets(deps, { name, port, transport, domain })))
  }
  return targets.slice(0, MAX_TARGETS)
}

interface Named {
  readonly name: string
  readonly port: number
  readonly transport: TransportName
  readonly domain: string
}

async function addressTargets(
  { resolver }: LocateDeps,
  { name, port, transport, domain }: Named,
): Promise<readonly Peer[]> {
  const addresses = await resolver.addresses(name)
  return addresses
    .slice(0, MAX_TARGETS)
    .map((address) => ({ transport, host: normalizeHost(address), port, domain }))
}

/** RFC 2782: ascending priority; among equals a draw weighted by weight. A target of "." means no service. */
export function inOrder(records: readonly SrvTarget[]): readonly SrvTarget[] {
  const left = records.filter(({ name }) => name !== '' && name !== '.')
  const ordered: SrvTarget[] = []
  while (left.length > 0) {
    const best = Math.min(...left.map(({ priority }) => priority))
    const equals = left.filter(({ priority }) => priority === best)
    const chosen = draw(equals)
    if (!chosen) break
    ordered.push(chosen)
    left.splice(left.indexOf(chosen), 1)
  }
  return ordered
}

function draw(equals: readonly SrvTarget[]): SrvTarget | undefined {
  const total = equals.reduce((sum, { weight }) => sum + weight, 0)
  let ticket = randomInt(total + 1)
  for (const record of equals) {
    ticket -= record.weight
    if (ticket <= 0) return record
  }
  return equals[0]
}

/**
 * Where a URI leads (RFC 3263 §4): a numeric host or an explicit port directly; a name by NAPTR, then SRV, then
 * its addresses (RFC 7984). The transports are those that we speak.
 */
import type { SipUri } from '../message/uri.ts'
import { isNumericHost, normalizeHost } from './addresses.ts'
import { offeredServices } from './dns/naptr-services.ts'
import type { NameResolver, SrvRecord } from './dns/records.ts'
import { srvOrder } from './dns/srv-order.ts'
import { defaultPort, type Peer, parseTransportName, type TransportName } from './transport.ts'

const MAX_TARGETS = 8
/** Names that one look-up may lead to: whoever writes the records decides how many. */
const MAX_NAMES = 16

export interface LocateDeps {
  readonly resolver: NameResolver
  /** Whether we can reach somebody by it. */
  speaks(transport: TransportName): boolean
  /** By what this host or domain is to be reached where a URI does not say. */
  preferred?(host: string): TransportName | undefined
}

/**
 * In the order in which they are to be tried, at most eight.
 * Empty where the URI asks for a transport that we do not speak, or nothing is known of its host.
 */
export async function locate(deps: LocateDeps, uri: SipUri): Promise<readonly Peer[]> {
  const transports = transportsFor(deps, uri)
  const [preferred] = transports
  const host = normalizeHost(uri.params.get('maddr') ?? uri.host)
  if (!preferred || host === '') return []
  if (isNumericHost(host)) {
    return [{ transport: preferred, host, port: uri.port ?? defaultPort(preferred) }]
  }
  if (uri.port !== undefined) {
    return addressTargets(deps, { name: host, port: uri.port, transport: preferred, domain: host })
  }
  const isOpen = !uri.params.has('transport') && deps.preferred?.(host) === undefined
  const found = isOpen ? await byNaptr(deps, host, uri.scheme === 'sips') : []
  if (found.length > 0) return found
  const bySrv = await bySrvOf(deps, host, transports)
  if (bySrv) return bySrv
  const port = defaultPort(preferred)
  return addressTargets(deps, { name: host, port, transport: preferred, domain: host })
}

/** A peer that is named, its addresses found. */
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

const SERVICES: ReadonlyMap<string, string> = new Map([
  ['pres', '_pres._sip'],
  ['im', '_im._sip'],
])

/** RFC 3861 §3 for `pres` and `im` URIs; a domain that says nothing of them is asked as for a SIP URI. */
export async function locateService(deps: LocateDeps, uri: SipUri): Promise<readonly Peer[]> {
  const domain = normalizeHost(uri.host)
  const asSip = { ...uri, scheme: 'sip' }
  const [transport] = transportsFor(deps, asSip)
  const service = SERVICES.get(uri.scheme)
  if (!transport || service === undefined || isNumericHost(domain)) return locate(deps, asSip)
  const name = `${service}.${domain}`
  return (await srvTargets(deps, { name, transport, domain })) ?? locate(deps, asSip)
}

/** Where an answer goes whose connection is gone, by what its Via calls the sender (RFC 3263 §5). */
export async function locateSender(
  deps: LocateDeps,
  { transport, host, port }: { transport: TransportName; host: string; port: number | undefined },
): Promise<readonly Peer[]> {
  const name = normalizeHost(host)
  const direct = { transport, host: name, port: port ?? defaultPort(transport) }
  if (isNumericHost(name) || port !== undefined) return locateHost(deps, direct)
  const service = `${serviceOf(transport)}.${name}`
  const found = await srvTargets(deps, { name: service, transport, domain: name })
  return found ?? locateHost(deps, direct)
}

/** §4.1: what the URI demands, or else UDP, TCP and TLS; a `sips` URI only ever goes by TLS (RFC 5630 §3.1). */
function transportsFor(deps: LocateDeps, uri: SipUri): readonly TransportName[] {
  const { speaks } = deps
  const named = uri.params.get('transport')
  const wanted = named === undefined ? preferredFor(deps, uri) : parseTransportName(named)
  if (named !== undefined && !wanted) return []
  if (uri.scheme === 'sips') return speaks('tls') && mayBeTls(wanted) ? ['tls'] : []
  const candidates: readonly TransportName[] = wanted ? [wanted] : ['udp', 'tcp', 'tls']
  return candidates.filter((transport) => speaks(transport))
}

/** `transport=tcp` of a `sips` URI is TLS over it (RFC 5630 §3.1.2). */
function mayBeTls(wanted: TransportName | undefined): boolean {
  return wanted === undefined || wanted === 'tcp' || wanted === 'tls'
}

function preferredFor({ preferred }: LocateDeps, uri: SipUri): TransportName | undefined {
  if (uri.scheme === 'sips') return undefined
  return preferred?.(normalizeHost(uri.params.get('maddr') ?? uri.host))
}

function serviceOf(transport: TransportName): string {
  return transport === 'tls' ? '_sips._tcp' : `_sip._${transport}`
}

async function byNaptr(
  deps: LocateDeps,
  domain: string,
  isSecure: boolean,
): Promise<readonly Peer[]> {
  const records = await deps.resolver.naptr(domain)
  const wanted = { isSecure, speaks: deps.speaks }
  const targets: Peer[] = []
  for (const { transport, name } of offeredServices(records, wanted).slice(0, MAX_NAMES)) {
    if (targets.length >= MAX_TARGETS) break
    targets.push(...((await srvTargets(deps, { name, transport, domain })) ?? []))
  }
  return targets.slice(0, MAX_TARGETS)
}

/** The first transport that leads anywhere; all are asked for at once. `undefined` where there are no records. */
async function bySrvOf(
  deps: LocateDeps,
  domain: string,
  transports: readonly TransportName[],
): Promise<readonly Peer[] | undefined> {
  const asked = transports.map((transport) =>
    deps.resolver.srv(`${serviceOf(transport)}.${domain}`),
  )
  const answers = await Promise.all(asked)
  for (const [at, transport] of transports.entries()) {
    const targets = await recordTargets(deps, answers[at] ?? [], { transport, domain })
    if (targets.length > 0) return targets
  }
  return answers.some((records) => records.length > 0) ? [] : undefined
}

interface Service {
  readonly name: string
  readonly transport: TransportName
  /** Whom a certificate must be for: who was asked for, not who the DNS named (RFC 5922 §4). */
  readonly domain: string
}

/** `undefined` where there are no such records: only then do other ways count (§4.2, RFC 2782, RFC 3861 §4). */
async function srvTargets(
  deps: LocateDeps,
  { name: service, transport, domain }: Service,
): Promise<readonly Peer[] | undefined> {
  const records = await deps.resolver.srv(service)
  return records.length === 0 ? undefined : recordTargets(deps, records, { transport, domain })
}

async function recordTargets(
  deps: LocateDeps,
  records: readonly SrvRecord[],
  { transport, domain }: Omit<Service, 'name'>,
): Promise<readonly Peer[]> {
  const named = srvOrder(records).slice(0, MAX_NAMES)
  const found = await Promise.all(
    named.map(({ name, port }) => addressTargets(deps, { name, port, transport, domain })),
  )
  return found.flat().slice(0, MAX_TARGETS)
}

interface Named extends Service {
  readonly port: number
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

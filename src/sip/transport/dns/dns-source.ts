/** Asks name servers (RFC 1035): those that are configured, or else the system's, as any program finds them. */
import { lookup, Resolver } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { hasRouteTo } from '../addresses.ts'
import { addressesInHosts } from './hosts-file.ts'
import type { Answer, NameSource } from './records.ts'

const TIMEOUT_MS = 2_000
const TRIES = 2
/** What is not in the DNS, and therefore has no time to live. */
const LOCAL_TTL_MS = 60_000

/** The name has no such records, as opposed to: nobody could be asked. */
const ABSENT = new Set(['ENOTFOUND', 'ENODATA'])

/** `servers` as `ADDRESS` or `ADDRESS:PORT`; where there are none, `/etc/hosts` and the system's look-up count too. */
export function dnsSource(servers: readonly string[]): NameSource {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  if (servers.length > 0) resolver.setServers(servers)
  const addresses = (name: string) => addressRecords(resolver, name)
  return {
    naptr: async (name) => untimed(await present(resolver.resolveNaptr(name))),
    srv: async (name) => untimed(await present(resolver.resolveSrv(name))),
    addresses: servers.length > 0 ? addresses : (name) => anyAddresses(addresses, name),
  }
}

async function addressRecords(resolver: Resolver, name: string): Promise<Answer<string>> {
  const [four, six] = await Promise.all([
    present(resolver.resolve4(name, { ttl: true })),
    present(resolver.resolve6(name, { ttl: true })),
  ])
  const found = [...six, ...four]
  const ttlMs = found.length > 0 ? Math.min(...found.map(({ ttl }) => ttl)) * 1000 : undefined
  return { records: inOrder(found.map(({ address }) => address)), ttlMs }
}

/** RFC 7984 §4.1, in what counts of RFC 6724 here: where there is no way to, is tried last. */
function inOrder(addresses: readonly string[]): readonly string[] {
  const reaches = addresses.some(isIPv6) && addresses.filter(isIPv6).some(hasRouteTo)
  if (reaches) return addresses
  return [...addresses].sort((a, b) => Number(isIPv6(a)) - Number(isIPv6(b)))
}

async function anyAddresses(
  ask: (name: string) => Promise<Answer<string>>,
  name: string,
): Promise<Answer<string>> {
  const own = await addressesInHosts(name)
  if (own.length > 0) return { records: own, ttlMs: LOCAL_TTL_MS }
  const answer = await ask(name)
  if (answer.records.length > 0) return answer
  const found = await present(lookup(name, { all: true }))
  return { records: found.map(({ address }) => address), ttlMs: LOCAL_TTL_MS }
}

/** Node does not tell how long these hold. */
function untimed<T>(records: readonly T[]): Answer<T> {
  return { records, ttlMs: undefined }
}

async function present<T>(asked: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await asked
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error && error.code
    if (typeof code === 'string' && ABSENT.has(code)) return []
    throw error
  }
}

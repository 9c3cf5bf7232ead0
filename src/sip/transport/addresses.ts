/** IP addresses as text: one spelling for each, and which of ours a peer sees. */
import dgram from 'node:dgram'
import { isIP, isIPv6 } from 'node:net'
import { ownString } from '../../util/own-string.ts'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** What a name may have at most (RFC 1035 §2.3.4). */
const MAX_CACHED_LENGTH = 255
const CACHE_SIZE = 4096
const normalized = new Map<string, string>()

/** Without brackets and zone, IPv4 out of its IPv6 mapping, IPv6 in the shortest form; names in lower case. */
export function normalizeHost(host: string): string {
  const known = normalized.get(host)
  if (known !== undefined) return known
  const own = ownString(host)
  const found = normalize(own)
  if (normalized.size >= CACHE_SIZE) normalized.clear()
  if (own.length <= MAX_CACHED_LENGTH) normalized.set(own, found)
  return found
}

function normalize(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const mapped = MAPPED.exec(bare)?.[1]
  if (mapped) return mapped
  if (!isIPv6(bare)) return bare.toLowerCase()
  const unscoped = bare.split('%', 1)[0] ?? bare
  return new URL(`http://[${unscoped}]`).hostname.slice(1, -1)
}

const numeric = new Map<string, boolean>()

export function isNumericHost(host: string): boolean {
  const normal = normalizeHost(host)
  let found = numeric.get(normal)
  if (found === undefined) {
    found = isIP(normal) !== 0
    if (numeric.size >= CACHE_SIZE) numeric.clear()
    numeric.set(normal, found)
  }
  return found
}

/** As it stands in a URI or Via: IPv6 in brackets. */
export function uriHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}

export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

const localAddresses = new Map<string, string>()

/**
 * The address of ours from which packets to `remote` leave, by asking the kernel with a socket that sends nothing.
 * Synchronous, since the look-up is given the answer; remembered for each remote address.
 */
export function localAddressTowards(remote: string): string {
  const known = localAddresses.get(remote)
  if (known) return known
  const local = askKernel(remote)
  if (localAddresses.size >= CACHE_SIZE) localAddresses.clear()
  localAddresses.set(remote, local)
  return local
}

function askKernel(remote: string): string {
  return sourceTowards(remote) ?? (isIPv6(remote) ? '::1' : '127.0.0.1')
}

/** Whether the kernel knows a way there; it says nothing of who is at its end. */
export function hasRouteTo(remote: string): boolean {
  return sourceTowards(remote) !== undefined
}

/** `undefined` where the network is unreachable. */
function sourceTowards(remote: string): string | undefined {
  const family = isIPv6(remote) ? 6 : 4
  const socket = dgram.createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup: (name, _options, done) => done(null, name, family),
  })
  socket.on('error', () => undefined) // an unreachable network: asked of the address below
  try {
    socket.connect(9, remote)
    const local = normalizeHost(socket.address().address)
    return isWildcard(local) ? undefined : local
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}

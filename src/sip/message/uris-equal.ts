/** When two URIs are the same (RFC 3261 §19.1.4; tel: RFC 3966 §4). */
import type { SipUri } from './uri.ts'

/** §19.1.4: these never match where only one URI has them, whatever their default. */
const DECISIVE = ['user', 'ttl', 'method', 'maddr', 'transport'] as const

export function urisEqual(left: SipUri, right: SipUri): boolean {
  if (left.scheme !== right.scheme) return false
  if (left.scheme === 'tel') return telEqual(left, right)
  if (left.opaque !== undefined) return left.opaque === right.opaque
  return (
    left.user === right.user &&
    left.password === right.password &&
    sameHost(left.host, right.host) &&
    // A missing port is not the default port: they can resolve differently.
    left.port === right.port &&
    paramsEqual(left, right) &&
    headersEqual(left, right)
  )
}

/** RFC 5954 §4.2: IPv6 addresses are compared as addresses, however they are written. */
function sameHost(left: string, right: string): boolean {
  if (left === right) return true
  return left.includes(':') && right.includes(':') && canonical(left) === canonical(right)
}

function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname
}

function paramsEqual(left: SipUri, right: SipUri): boolean {
  for (const name of DECISIVE) {
    if (left.params.has(name) !== right.params.has(name)) return false
  }
  for (const [name, value] of left.params) {
    const other = right.params.get(name)
    if (other !== undefined && other.toLowerCase() !== value.toLowerCase()) return false
  }
  return true
}

/** Header components are never ignored; their order says nothing. */
function headersEqual(left: SipUri, right: SipUri): boolean {
  if (left.headers.length !== right.headers.length) return false
  return sortedHeaders(left).join('\n') === sortedHeaders(right).join('\n')
}

function sortedHeaders({ headers }: SipUri): string[] {
  return headers.map(([name, value]) => JSON.stringify([name.toLowerCase(), value])).sort()
}

function telEqual(left: SipUri, right: SipUri): boolean {
  if (digits(left) !== digits(right) || left.params.size !== right.params.size) return false
  for (const [name, value] of left.params) {
    if (right.params.get(name)?.toLowerCase() !== value.toLowerCase()) return false
  }
  return true
}

/** Visual separators do not count. */
function digits({ user = '' }: SipUri): string {
  return user.replace(/[-.()]/g, '').toLowerCase()
}

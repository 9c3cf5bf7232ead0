/** Where our requests to a client go: its connection, its Contact, or where its packets come from. */

import type { Dialog } from '../dialog/dialog.ts'
import type { SipRequest } from '../message/message.ts'
import { parseSipUri, type SipUri } from '../message/uri.ts'
import { parseNameAddr, topVia } from '../message/values.ts'
import { isNumericHost, normalizeHost } from '../transport/addresses.ts'
import type { Peer } from '../transport/transport.ts'

const DEFAULT_PORT = 5060

/**
 * `undefined`: follow the route set or the Contact (RFC 3263).
 * A client that spoke to us directly over TCP or TLS is reached by the same connection (RFC 5626 §5.3).
 * Over UDP its Contact counts, unless the address in it is not the one that its packets come from while
 * the client believes it is (its Via says the same): then there is a NAT between us, and only the
 * packets' own source can be reached (RFC 3581 §4 does the same for responses).
 */
export function nextHop(
  request: SipRequest,
  source: Peer,
  contact: SipUri | undefined = contactOf(request),
): Peer | undefined {
  if (request.headers.getAll('Via').length > 1) return undefined
  if (source.transport !== 'udp') return source
  if (!contact) return undefined
  const wanted = contact.params.get('transport')?.toLowerCase() ?? 'udp'
  if (contact.scheme !== 'sip' || wanted !== 'udp') return undefined
  const host = normalizeHost(contact.host)
  // RFC 5627 §4.5: a GRUU names the device; where that is, the registrar of its domain knows.
  if (contact.params.has('gr')) return undefined
  if (host === source.host) return { ...source, port: contact.port ?? DEFAULT_PORT }
  const believed = normalizeHost(topVia(request)?.host ?? '')
  return believed === host && isNumericHost(host) ? source : undefined
}

const CACHE_SIZE = 16_384
const shared = new Map<string, Peer>()

/** One object for all subscriptions of a client over UDP: a phone watches a whole list. */
export function sharedPeer(peer: Peer | undefined): Peer | undefined {
  if (peer?.transport !== 'udp') return peer
  const key = `${peer.host} ${peer.port}`
  const known = shared.get(key)
  if (known && known.flow === peer.flow) return known
  if (shared.size >= CACHE_SIZE) shared.clear()
  shared.set(key, peer)
  return peer
}

/** Where a request would go that is not in answer to one, as far as its next hop says it itself. */
export function likelyPeer(routes: readonly string[], target: string): Peer {
  const uri = parseSipUri(parseNameAddr(routes[0] ?? '')?.uri ?? target)
  const wanted = uri?.params.get('transport')?.toLowerCase()
  const isSecure = uri?.scheme === 'sips' || wanted === 'tls'
  const transport = isSecure ? 'tls' : wanted === 'tcp' ? 'tcp' : 'udp'
  return { transport, host: uri?.host ?? '', port: uri?.port ?? DEFAULT_PORT }
}

/** A connection that has closed is no way any more; the Contact may be one. */
export function openPeer(peer: Peer | undefined): Peer | undefined {
  return peer?.transport === 'udp' || peer?.flow?.open ? peer : undefined
}

/** Without a connection of its own, where the Contact cannot be connected to (RFC 7118 §5). */
export function isUnreachable({ remoteTarget, routeSet }: Dialog): boolean {
  return routeSet.length === 0 && parseSipUri(remoteTarget)?.host.endsWith('.invalid') === true
}

/** Whom a subscription loads, by where its NOTIFYs go: as an address, or as its Route or Contact names it. */
export function peerHostOf(peer: Peer | undefined, { routeSet, remoteTarget }: Dialog): string {
  if (peer) return peer.host
  const [route] = routeSet
  const uri = route === undefined ? remoteTarget : (parseNameAddr(route)?.uri ?? route)
  return normalizeHost(parseSipUri(uri)?.host ?? uri)
}

function contactOf(request: SipRequest): SipUri | undefined {
  const uri = parseNameAddr(request.headers.get('Contact') ?? '')?.uri
  return uri === undefined ? undefined : parseSipUri(uri)
}

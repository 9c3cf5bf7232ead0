/** Finds a way to a target, and puts a request on it (RFC 3261 §16.6 steps 7 to 10). */
import { SipError } from '../errors.ts'
import { parseSipUri, type SipUri } from '../message/uri.ts'
import type { UdpOnlyPeers } from '../transaction/udp-only-peers.ts'
import type { Flow, Peer } from '../transport/transport.ts'
import type { Target } from './plan.ts'
import { towardsNextHop } from './route-processing.ts'

/** An open way. */
export interface Way {
  readonly peer: Peer
  readonly flow: Flow
}

export interface DispatchDeps {
  /** What is longer tries TCP first (§18.1.1). */
  readonly maxUdpBytes: number
  readonly udpOnly: Pick<UdpOnlyPeers, 'add' | 'has'>

  acquire(peer: Peer): Flow | Promise<Flow>
  /** The open connection to there, or the UDP listener; nothing is opened. */
  existing(peer: Peer): Flow | undefined
  find(uri: SipUri): Promise<readonly Peer[]>
}

/**
 * `bytes` is how long the request will be. Throws `SipError`: 430 where a client's connection is gone (RFC 5626 §5.3.1), 503 where nobody accepts (§16.9).
 */
export async function wayTo(target: Target, bytes: number, deps: DispatchDeps): Promise<Way> {
  const { via, flow } = target
  if (flow) return overExisting(flow, deps)
  if (via && 'peer' in via) return firstOf([via.peer], bytes, deps)
  const hop = via?.hop ?? parseSipUri(towardsNextHop(target.uri, target.routes).hop)
  return firstOf(hop ? await deps.find(hop) : [], bytes, deps)
}

function overExisting(peer: Peer, deps: DispatchDeps): Way {
  const flow = peer.flow?.open ? peer.flow : deps.existing(peer)
  if (!flow) throw new SipError(430)
  return { peer: { ...peer, flow }, flow }
}

async function firstOf(peers: readonly Peer[], bytes: number, deps: DispatchDeps): Promise<Way> {
  for (const peer of peers) {
    try {
      return await open(peer, bytes, deps)
    } catch {
      // The next one may accept; that none does is said below.
    }
  }
  throw new SipError(503, 'No Way to the Next Hop')
}

async function open(peer: Peer, bytes: number, deps: DispatchDeps): Promise<Way> {
  const isLong = peer.transport === 'udp' && bytes > deps.maxUdpBytes
  if (isLong && !deps.udpOnly.has(peer)) {
    const byTcp: Peer = { transport: 'tcp', host: peer.host, port: peer.port }
    try {
      const flow = await deps.acquire(byTcp)
      return { peer: { ...byTcp, flow }, flow }
    } catch {
      deps.udpOnly.add(peer)
    }
  }
  const flow = await deps.acquire(peer)
  return { peer: { ...peer, flow }, flow }
}

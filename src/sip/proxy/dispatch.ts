/** Finds a way to a target, and puts a request on it (RFC 3261 §16.6 steps 7 to 10). */
import { SipError } from '../errors.ts'
import { parseSipUri, type SipUri } from '../message/uri.ts'
import type { Flow, Peer } from '../transport/transport.ts'
import type { Target } from './plan.ts'
import { towardsNextHop } from './route-processing.ts'

/** An open way. */
export interface Way {
  readonly peer: Peer
  readonly flow: Flow
}

export interface DispatchDeps {
  acquire(peer: Peer): Flow | Promise<Flow>
  /** The open connection to there, or the UDP listener; nothing is opened. */
  existing(peer: Peer): Flow | undefined
  find(uri: SipUri): Promise<readonly Peer[]>
}

/** Throws `SipError`: 430 where a client's connection is gone (RFC 5626 §5.3.1), 503 where nobody accepts (§16.9). */
export async function wayTo(target: Target, deps: DispatchDeps): Promise<Way> {
  const { via, flow } = target
  if (flow) return overExisting(flow, deps)
  if (via && 'peer' in via) return firstOf([via.peer], deps)
  const hop = via?.hop ?? parseSipUri(towardsNextHop(target.uri, target.routes).hop)
  return firstOf(hop ? await deps.find(hop) : [], deps)
}

function overExisting(peer: Peer, deps: DispatchDeps): Way {
  const flow = peer.flow?.open ? peer.flow : deps.existing(peer)
  if (!flow) throw new SipError(430)
  return { peer: { ...peer, flow }, flow }
}

async function firstOf(peers: readonly Peer[], deps: DispatchDeps): Promise<Way> {
  for (const peer of peers) {
    try {
      const flow = await deps.acquire(peer)
      return { peer: { ...peer, flow }, flow }
    } catch {
      // The next one may accept; that none does is said below.
    }
  }
  throw new SipError(503, 'No Way to the Next Hop')
}

/** Our URI in what goes on: Record-Route (RFC 3261 §16.6 step 4) and Path (RFC 3327 §5.1). */
import { uriHost } from '../transport/addresses.ts'
import type { Endpoint, Flow, TransportName } from '../transport/transport.ts'

/** One of our addresses, as the peer there sees it. */
export interface Side extends Endpoint {
  readonly transport: TransportName
}

export function sideOf(flow: Flow, remote: Endpoint): Side {
  const { host, port } = flow.localEndpoint(remote)
  return { transport: flow.transport, host, port }
}

/**
 * One where both sides reach us by the same address, otherwise one for each, that for the next hop first: each side
 * then finds a way that it can take (RFC 5658 §4).
 */
export function recordRoutes(
  token: string,
  { from, to, isSecure }: { from: Side; to: Side; isSecure: boolean },
): readonly string[] {
  const [near, far] = [from, to].map((side) => ownUri(token, side, isSecure))
  if (near === undefined || far === undefined || near === far) return [`<${near};lr>`]
  return [`<${far};lr>`, `<${near};lr>`]
}

/** RFC 5626 §5.1: the `ob` says that the flow is kept. */
export function pathUri(token: string, side: Side): string {
  return `<${ownUri(token, side, false)};lr;ob>`
}

/** §16.6: `sips` where the request-URI is. */
function ownUri(token: string, { transport, host, port }: Side, isSecure: boolean): string {
  const suffix = transport === 'udp' ? '' : `;transport=${transport}`
  if (isSecure && transport === 'tls') return `sips:${token}@${uriHost(host)}:${port}`
  return `sip:${token}@${uriHost(host)}:${port}${suffix}`
}

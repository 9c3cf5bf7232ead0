/** The way back: what the top Via says, and what we write into it (RFC 3261 §18.2, RFC 3581). */
import type { SipRequest } from '../message/message.ts'
import { topVia } from '../message/values.ts'
import type { Via } from '../message/via.ts'
import { normalizeHost } from './addresses.ts'
import { defaultPort, type Endpoint, type Flow, isWebSocket, type Peer } from './transport.ts'

export interface ResponseRoute {
  readonly flow: Flow
  readonly to: Endpoint
  /** Where to connect when a connection is gone. */
  readonly fallback: Fallback | undefined
}

export interface Fallback {
  /** Where the request came from, at the port that its Via names. */
  readonly peer: Peer
  /** Names its sender, where nobody accepts there. */
  readonly via: Via
}

/** As nearly everybody asks for it (RFC 3581 §3). */
const PLAIN_RPORT = /;rport(?=;|$)/

/**
 * Writes into the top Via where the request really came from (§18.2.1; RFC 3581 §4: always, where `rport` is
 * asked for). False where there is no usable Via.
 */
export function stampVia(request: SipRequest, source: Endpoint): boolean {
  const via = topVia(request)
  if (!via) return false
  const asksForPort = via.params.has('rport')
  const additions: string[] = []
  if (asksForPort || normalizeHost(via.host) !== source.host) {
    additions.push(`;received=${source.host}`)
  }
  if (asksForPort) additions.push(`;rport=${source.port}`)
  if (additions.length === 0 && !via.params.has('received')) return true

  const { headers } = request
  const field = headers.get('Via') ?? ''
  const plain = field.replace(PLAIN_RPORT, '')
  if (plain !== field && !field.includes(',') && !via.params.has('received')) {
    headers.setFirst('Via', plain + additions.join(''))
    return true
  }
  const [top = '', ...others] = headers.getAll('Via')
  // What the sender wrote there himself would send the answer elsewhere. The pattern begins with the semicolon:
  // with the space before it, a line of nothing else took time by the square of its length.
  const own = top.replace(/;[ \t]*(received|rport)[ \t]*(=[^;]*)?(?=;|$)/gi, '')
  headers.set('Via', own + additions.join(''), ...others)
  return true
}

export function responseRoute(
  request: SipRequest,
  { flow, source }: { readonly flow: Flow; readonly source: Endpoint },
): ResponseRoute {
  const via = topVia(request)
  const port = via?.port ?? defaultPort(flow.transport)
  if (flow.transport !== 'udp') {
    // §18.2.2: the connection, then a new one to where the request came from, at the port of sent-by.
    // Nobody can be reached who came by a WebSocket (RFC 7118 §5).
    if (isWebSocket(flow.transport)) return { flow, to: source, fallback: undefined }
    const peer = { transport: flow.transport, host: source.host, port }
    return { flow, to: source, fallback: via && { peer, via } }
  }
  // `maddr` is for multicast, which we do not speak: obeying it would let anybody aim our answers at anybody.
  // A sent-by that differs from the source is overruled by it (`received`), so the host is always the source's.
  const to = via?.params.has('rport') ? source : { host: source.host, port }
  return { flow, to, fallback: undefined }
}

/** What Route and request-URI say of where a request goes, before anything else does (RFC 3261 §16.4, §16.6 step 6). */
import type { SipRequest } from '../message/message.ts'
import { parseSipUri, type SipUri, serializeUri } from '../message/uri.ts'
import { parseNameAddr } from '../message/values.ts'
import type { FlowToken, FlowTokens } from './flow-tokens.ts'
import type { OwnAddresses } from './own-addresses.ts'

export interface Routed {
  /** The request-URI, a strict router's and a `maddr` of ours undone. */
  readonly uri: string
  readonly target: SipUri
  /** What is left of the route set, without us. */
  readonly routes: readonly string[]
  /** 'bad' where our URI has one that we did not write. */
  readonly token: FlowToken | 'bad' | undefined
}

export interface RouteProcessing {
  readonly own: OwnAddresses
  readonly tokens: FlowTokens
}

/** `undefined` where a URI is none: the user agent has the words for that. */
export function processRoutes(request: SipRequest, deps: RouteProcessing): Routed | undefined {
  const written = parseSipUri(request.uri)
  if (!written) return undefined
  const routes = request.headers.getAll('Route')
  let uri = request.uri
  let token = isStrictlyRouted(written, routes, deps) ? tokenIn(written, request, deps) : undefined
  // §16.4: a strict router put us into the request-URI, and what belongs there at the end of the route set.
  if (token !== undefined) uri = uriIn(routes.pop())
  for (let first = parseRoute(routes[0]); first; first = parseRoute(routes[0])) {
    const found = tokenIn(first, request, deps)
    // What we have signed names us, also by an address that we do not know (behind a NAT).
    if (typeof found !== 'object' && !deps.own.isOurs(first)) break
    routes.shift()
    token ??= found
  }
  const parsed = parseSipUri(uri)
  if (!parsed) return undefined
  const target = withoutOwnMaddr(parsed, deps)
  return { uri: target === parsed ? uri : serializeUri(target), target, routes, token }
}

function isStrictlyRouted(uri: SipUri, routes: readonly string[], { own }: RouteProcessing) {
  return routes.length > 0 && uri.params.has('lr') && own.isOurs(uri)
}

function parseRoute(route: string | undefined): SipUri | undefined {
  return route === undefined ? undefined : parseSipUri(uriIn(route))
}

function tokenIn(
  { user }: SipUri,
  request: SipRequest,
  { tokens }: RouteProcessing,
): Routed['token'] {
  if (user === undefined) return undefined
  return tokens.read(user, request) ?? 'bad'
}

function withoutOwnMaddr(uri: SipUri, { own }: RouteProcessing): SipUri {
  const maddr = uri.params.get('maddr')
  if (maddr === undefined || !own.isOurs({ ...uri, host: maddr })) return uri
  const params = new Map(uri.params)
  params.delete('maddr')
  params.delete('transport')
  return { ...uri, port: undefined, params }
}

export function uriIn(route: string | undefined): string {
  return parseNameAddr(route ?? '')?.uri ?? ''
}

export interface NextHop {
  readonly uri: string
  readonly routes: readonly string[]
  /** Where to send it: the first of the route set, or the request-URI (§16.6 step 7). */
  readonly hop: string
}

/** §16.6 step 6: a strict router finds itself in the request-URI, and that at the end of the route set. */
export function towardsNextHop(uri: string, routes: readonly string[]): NextHop {
  const [first, ...others] = routes
  if (first === undefined) return { uri, routes, hop: uri }
  const hop = uriIn(first)
  if (parseSipUri(hop)?.params.has('lr')) return { uri, routes, hop }
  return { uri: hop, routes: [...others, `<${uri}>`], hop }
}

/** Where a request goes, decided once for all its copies. */
import { SipError } from '../errors.ts'
import { nextHop } from '../events/next-hop.ts'
import type { SipRequest } from '../message/message.ts'
import { parseSipUri, type SipUri, serializeUri } from '../message/uri.ts'
import { parseNameAddr } from '../message/values.ts'
import type { BindingState } from '../registrar/binding.ts'
import type { Peer } from '../transport/transport.ts'
import type { Decision } from './decision.ts'
import { chooseBy, type Destination, type Hop, uriOfHop } from './destinations.ts'
import { type Routed, towardsNextHop } from './route-processing.ts'

export interface Target {
  readonly uri: string
  readonly routes: readonly string[]
  /** Where the message itself goes; `undefined`: to the first of the routes, or the URI. */
  readonly via: { readonly peer: Peer } | { readonly hop: SipUri } | undefined
  /** The client's own way, where there is one: what follows in the dialog takes it, too. */
  readonly flow: Peer | undefined
}

/** A contact of a user's, as far as a request needs it. */
export interface Registered {
  readonly state: Pick<BindingState, 'contact' | 'path' | 'peer'>
}

export interface PlanDeps {
  /** As `Location` answers. */
  readonly location: { contactsFor(uri: SipUri): Promise<readonly Registered[]> }
  readonly destinations: ReadonlyMap<string, Destination>
  /** By domain. */
  readonly hosts: ReadonlyMap<string, Hop>
  readonly outboundProxy: string | undefined
}

/**
 * At least one, in the order in which they are to be tried. A user's request goes to contacts, not by whatever
 * route he writes: that would let him reach through us what only we can reach. Throws `SipError`.
 */
export async function targetsFor(
  request: SipRequest,
  routed: Routed,
  {
    decision,
    isTrusted,
  }: { decision: Exclude<Decision, { kind: 'local' | 'refuse' }>; isTrusted: boolean },
  deps: PlanDeps,
): Promise<readonly Target[]> {
  switch (decision.kind) {
    case 'location':
      return atContacts(isTrusted || routed.token ? routed : { ...routed, routes: [] }, deps)
    case 'flow':
      return [overFlow(routed)]
    case 'destination':
      return [toDestination(request, routed, decision.rule, deps)]
    case 'route':
      return [byRoute(routed, deps)]
  }
}

export async function atContacts(
  { target, routes }: Pick<Routed, 'target' | 'routes'>,
  { location }: Pick<PlanDeps, 'location'>,
): Promise<Target[]> {
  const bindings = await location.contactsFor(target)
  return bindings.map((binding) => ({
    uri: requestUri(binding.state.contact),
    // RFC 5627 §6.1: a route set that goes on knows the way; the Path would lead back.
    routes: routes.length > 0 ? routes : binding.state.path,
    via: routes.length === 0 && binding.state.peer ? { peer: binding.state.peer } : undefined,
    flow: routes.length === 0 ? clientFlow(binding) : undefined,
  }))
}

/** Only where the Contact alone does not lead there: a client that can be called elsewhere may move. */
function clientFlow({ state: { peer, contact } }: Registered): Peer | undefined {
  return peer && needsFlow(peer, parseSipUri(contact)) ? peer : undefined
}

/** The caller's, likewise; a proxy before him is in the route set. */
export function callerFlow(request: SipRequest, source: Peer): Peer | undefined {
  const peer = nextHop(request, source)
  const contact = parseNameAddr(request.headers.get('Contact') ?? '')?.uri
  return peer && needsFlow(peer, parseSipUri(contact ?? '')) ? peer : undefined
}

function needsFlow({ transport, host, port }: Peer, contact: SipUri | undefined): boolean {
  return transport !== 'udp' || contact?.host !== host || (contact.port ?? 5060) !== port
}

function overFlow({ uri, routes, token }: Routed): Target {
  const peer = token === 'bad' || !token ? undefined : flowIn(token)
  if (!peer) throw new SipError(403)
  return { uri, routes, via: { peer }, flow: peer }
}

function flowIn(token: Exclude<Routed['token'], 'bad' | undefined>): Peer | undefined {
  return token.kind === 'dialog' ? token.towards : token.flow
}

function toDestination(
  request: SipRequest,
  { uri, routes }: Routed,
  { destinations: names, selectBy }: { destinations: readonly string[]; selectBy: 'to' | 'from' },
  { destinations }: PlanDeps,
): Target {
  const chosen = destinations.get(chooseBy(names, selectBy, request) ?? '')
  if (!chosen) throw new SipError(500, 'No Such Destination')
  return { uri, routes, via: { hop: uriOfHop(chosen) }, flow: undefined }
}

/** §16.6 step 7; the operator knows better than DNS, and sends what is left to the next proxy of the chain. */
export function byRoute(
  { uri, routes }: Pick<Routed, 'uri' | 'routes'>,
  { hosts, outboundProxy }: Pick<PlanDeps, 'hosts' | 'outboundProxy'>,
): Target {
  const hop = parseSipUri(towardsNextHop(uri, routes).hop)
  const mapped = hop && hosts.get(hop.host)
  if (mapped) return { uri, routes, via: { hop: uriOfHop(mapped) }, flow: undefined }
  const chained = routes.length === 0 && outboundProxy !== undefined ? [outboundProxy] : routes
  return { uri, routes: chained, via: undefined, flow: undefined }
}

/** RFC 3261 §19.1.1: a request-URI has no headers and no `method`. */
function requestUri(contact: string): string {
  const uri = parseSipUri(contact)
  if (!uri || (uri.headers.length === 0 && !uri.params.has('method'))) return contact
  const params = new Map(uri.params)
  params.delete('method')
  return serializeUri({ ...uri, params, headers: [] })
}

/** What becomes of a request that is not simply the user agent's: rules in order, then the default. */
import type { SipRequest } from '../message/message.ts'
import { toOf } from '../message/values.ts'
import type { OwnAddresses } from './own-addresses.ts'
import type { Allowed } from './permission.ts'
import type { Routed } from './route-processing.ts'
import type { RouteRule, Rules } from './rules.ts'

export type Decision =
  | { readonly kind: 'local' }
  | { readonly kind: 'refuse'; readonly status: number; readonly reason?: string }
  | (Relaying & { readonly kind: 'location' | 'route' | 'flow' })
  | (Relaying & { readonly kind: 'destination'; readonly rule: RouteRule })

export interface Relaying {
  readonly allow: Allowed
  readonly recordRoute: 'default' | 'on' | 'off'
}

export interface DecisionDeps {
  readonly own: OwnAddresses
  readonly rules: Rules
  readonly defaultRule: 'bounce' | 'forward'
  /** Whether the user agent has a use for the method. */
  readonly handles: (method: string) => boolean
}

const LOCAL: Decision = { kind: 'local' }
const WITHIN = { allow: 'anyone', recordRoute: 'off' } as const

export function decide(request: SipRequest, routed: Routed, deps: DecisionDeps): Decision {
  const { token, routes, target } = routed
  const isOurs = deps.own.isOurs(target)
  if (token === 'bad') return { kind: 'refuse', status: 403, reason: 'Bad Flow Token' } // RFC 5626 §5.3.1
  // Whoever was called once may end that call, but not begin others through us.
  if (token?.kind === 'dialog' && opensDialog(request)) {
    return { kind: 'refuse', status: 403, reason: 'Flow Token of a Dialog' }
  }
  if (token?.kind === 'registration') return { ...WITHIN, kind: 'flow', recordRoute: 'on' }
  if (token) {
    if (isGruu(routed) && isOurs) return { ...WITHIN, kind: 'location' }
    return token.towards ? { ...WITHIN, kind: 'flow' } : { ...WITHIN, kind: 'route' }
  }
  const rule = deps.rules.find(request, routed.uri)
  if (rule) return byRule(rule)
  // A Route that is not ours above a request for us is a name of ours that we do not know.
  if (isOurs) return atHome(request, routed, deps)
  if (routes.length > 0 || deps.defaultRule === 'forward') return byDefault('route', 'trusted')
  return deps.handles(request.method)
    ? LOCAL
    : { kind: 'refuse', status: 403, reason: 'No Relay for You' }
}

function byRule(rule: RouteRule): Decision {
  const { action, allow, recordRoute, status } = rule
  if (action === 'local') return LOCAL
  if (action === 'reject') return { kind: 'refuse', status }
  return action === 'destination'
    ? { kind: action, allow, recordRoute, rule }
    : { kind: action, allow, recordRoute }
}

/**
 * A message, a publication or a subscription for a user is ours to handle, also where the URI names one of his
 * devices: his rules say who may. What else there is (calls, and what belongs to them) is for his device.
 */
function atHome(request: SipRequest, routed: Routed, { handles }: DecisionDeps): Decision {
  const { method } = request
  const isForDevice = isGruu(routed) && isWithinDialog(request)
  if (handles(method) && !isForDevice) return LOCAL
  if (routed.target.user === undefined || method === 'CANCEL') return LOCAL
  return byDefault('location', 'users')
}

function byDefault(kind: 'location' | 'route', allow: Allowed): Decision {
  return { kind, allow, recordRoute: 'default' }
}

/** RFC 5627 §4.5. */
function isGruu({ target }: Routed): boolean {
  return target.params.has('gr')
}

/** An ACK of a refusal and a CANCEL have the tags of what they belong to. */
function opensDialog(request: SipRequest): boolean {
  return !isWithinDialog(request) && request.method !== 'ACK' && request.method !== 'CANCEL'
}

function isWithinDialog(request: SipRequest): boolean {
  return toOf(request)?.params.has('tag') === true
}

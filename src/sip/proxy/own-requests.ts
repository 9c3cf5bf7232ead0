/**
 * The ways of requests that begin here, where nothing else says how they go (RFC 3261 §8.1.2): to a user
 * of ours where he is registered, to others as the proxy sends what it relays.
 */
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { parseSipUri, type SipUri } from '../message/uri.ts'
import type { Way } from '../user-agent-sender.ts'
import type { OwnAddresses } from './own-addresses.ts'
import { atContacts, byRoute, type PlanDeps, type Target } from './plan.ts'

export interface OwnRequestDeps {
  readonly own: Pick<OwnAddresses, 'isOurs'>
  readonly plan: Pick<PlanDeps, 'location' | 'hosts' | 'outboundProxy'>
}

/** In the order in which they are to be tried. Rejects with `SipError` 404 or 480 where a GRUU of ours leads nowhere. */
export async function waysOf(
  { uri }: SipRequest,
  { own, plan }: OwnRequestDeps,
): Promise<readonly Way[]> {
  const target = parseSipUri(uri)
  if (!target) return []
  const contacts = isUserOfOurs(target, own) ? await contactsOf(target, plan) : []
  const targets = contacts.length > 0 ? contacts : [byRoute({ uri, routes: [] }, plan)]
  return targets.map(toWay)
}

/** With a port it is some client on the machine that the domain names. */
function isUserOfOurs(uri: SipUri, own: Pick<OwnAddresses, 'isOurs'>): boolean {
  return uri.user !== undefined && uri.port === undefined && own.isOurs(uri)
}

/** None for an address that nobody has registered: DNS may know more. A GRUU is nobody else's (RFC 5627 §6.1). */
async function contactsOf(
  target: SipUri,
  plan: Pick<PlanDeps, 'location'>,
): Promise<readonly Target[]> {
  try {
    return await atContacts({ target, routes: [] }, plan)
  } catch (error) {
    if (error instanceof SipError && !target.params.has('gr')) return []
    throw error
  }
}

function toWay({ uri, routes, via }: Target): Way {
  if (!via) return { uri, routes }
  return 'peer' in via ? { uri, routes, peer: via.peer } : { uri, routes, hop: via.hop }
}

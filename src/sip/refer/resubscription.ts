/** The REFER that asks an endpoint to subscribe again (RFC 3515 §2.4.1), out of any dialog (RFC 7647 §4). */
import { quote } from '../message/grammar.ts'
import { SipRequest } from '../message/message.ts'
import { newCallId, newTag } from '../message/respond.ts'
import { parseSipUri, serializeUri } from '../message/uri.ts'
import type { Peer } from '../transport/transport.ts'

/** Whom to ask, and to watch what. */
export interface Resubscription {
  /** The endpoint's Contact. */
  readonly target: string
  /** Route header values, nearest first: the session manager that it is behind. */
  readonly routes: readonly string[]
  /** Where it is reached, where that is known; else by route and target (RFC 3263). */
  readonly peer: Peer | undefined
  /** Whoever watches: `"Bob" <sip:bob@example.com>`. */
  readonly watcher: string
  /** URI of what he is to watch. */
  readonly entity: string
  readonly event: string
}

export interface ReferTerms {
  /** Our Contact. */
  readonly contact: string
  /** See `sip.refer.redirect`. */
  readonly redirect: string | undefined
}

/**
 * RFC 4488: nobody here wants to know what becomes of it; the SUBSCRIBE says so. `undefined` where there is
 * nothing that could be watched.
 */
export function createRefer(wanted: Resubscription, terms: ReferTerms): SipRequest | undefined {
  const referTo = referToOf(wanted)
  if (referTo === undefined) return undefined
  const { target, routes, watcher, entity } = wanted
  const redirect = terms.redirect === undefined ? '' : `;redirect=${quote(terms.redirect)}`
  return new SipRequest({
    method: 'REFER',
    uri: target,
    headers: [
      ...routes.map((route) => ['Route', route] as const),
      ['From', `<${domainOf(entity)}>;tag=${newTag()}`],
      ['To', watcher],
      ['Call-ID', newCallId()],
      ['CSeq', '1 REFER'],
      ['Contact', `<${terms.contact}>`],
      ['Refer-To', `<${referTo}>${redirect}`],
      ['Refer-Sub', 'false'],
      ['Supported', 'norefersub'],
    ],
  })
}

function referToOf({ entity, event }: Resubscription): string | undefined {
  const uri = parseSipUri(entity)
  if (uri?.scheme !== 'sip' && uri?.scheme !== 'sips') return undefined
  const params = new Map([...uri.params, ['method', 'SUBSCRIBE']])
  return serializeUri({ ...uri, params, headers: [['Event', event]] })
}

/** The server speaks for the domain of whom it serves. */
function domainOf(entity: string): string {
  const { scheme = 'sip', host = '' } = parseSipUri(entity) ?? {}
  return serializeUri({ scheme, host })
}

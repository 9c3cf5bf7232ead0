/** Subscription stanzas as they travel: always from bare JID to bare JID (RFC 6121 §3.1.2). */
import type { BareJid } from '../../core/address.ts'
import type { SubscriptionStanza } from '../../core/presence/subscription.ts'
import { type Element, xml } from '../../xml/element.ts'
import { NS_CLIENT } from '../namespaces.ts'

/** Longer requests are kept without what they carry (RFC 6121 §3.1.3 asks for a limit). */
const MAX_KEPT_CHARS = 8_192

export function stamped(stanza: Element, from: BareJid, to: BareJid): Element {
  return stanza.withAttrs({ from, to })
}

export function serverStanza(type: SubscriptionStanza, from: BareJid, to: BareJid): Element {
  return xml('presence', { xmlns: NS_CLIENT, from, to, type })
}

/** The request as it will be shown at each sign-in until it is answered. */
export function keptRequest(stanza: Element): string {
  const complete = stanza.toString(NS_CLIENT)
  if (complete.length <= MAX_KEPT_CHARS) return complete
  return xml('presence', { ...stanza.attrs, xmlns: NS_CLIENT }).toString(NS_CLIENT)
}

/**
 * What the extensions of messages ask of a server, in one place: whether a message that has no text is worth keeping
 * for somebody who is away, and whether his other clients see it. The rest is between the clients.
 */
import type { Jid } from '../../core/address.ts'
import type { CopyDirection, MessageType } from '../../core/messaging/message.ts'
import type { Element } from '../../xml/element.ts'
import { NS_AMP, NS_CARBONS, NS_CLIENT, NS_DELAY, NS_HINTS, NS_SID } from '../namespaces.ts'

export interface Payload {
  readonly xep: number
  readonly ns: string
  /** Alone in a message, it is worth keeping. */
  readonly store: boolean
  /** Part of a conversation, whatever the type of the message: other clients of the person see it (XEP-0280 §6.1). */
  readonly copy: boolean
}

export const PAYLOADS: readonly Payload[] = [
  { xep: 22, ns: 'jabber:x:event', store: false, copy: false },
  { xep: 85, ns: 'http://jabber.org/protocol/chatstates', store: false, copy: true }, // §5.6
  { xep: 184, ns: 'urn:xmpp:receipts', store: true, copy: true },
  { xep: 249, ns: 'jabber:x:conference', store: true, copy: true },
  { xep: 301, ns: 'urn:xmpp:rtt:0', store: false, copy: false },
  { xep: 308, ns: 'urn:xmpp:message-correct:0', store: true, copy: true },
  { xep: 333, ns: 'urn:xmpp:chat-markers:0', store: true, copy: true },
  { xep: 424, ns: 'urn:xmpp:message-retract:1', store: true, copy: true }, // §5
  { xep: 428, ns: 'urn:xmpp:fallback:0', store: true, copy: true },
  { xep: 444, ns: 'urn:xmpp:reactions:0', store: true, copy: true },
  { xep: 461, ns: 'urn:xmpp:reply:0', store: true, copy: true },
  // About the message, and none of what it says.
  { xep: 79, ns: NS_AMP, store: false, copy: false },
  { xep: 172, ns: 'http://jabber.org/protocol/nick', store: false, copy: false },
  { xep: 203, ns: NS_DELAY, store: false, copy: false },
  { xep: 280, ns: NS_CARBONS, store: false, copy: false },
  { xep: 334, ns: NS_HINTS, store: false, copy: false },
  { xep: 359, ns: NS_SID, store: false, copy: false },
]

const BY_NAMESPACE = new Map(PAYLOADS.map((payload) => [payload.ns, payload]))
const NS_MUC_USER = 'http://jabber.org/protocol/muc#user'

/**
 * XEP-0160 §3 keeps all of chat and of normal messages but what is a chat state only, XEP-0334 §4 lets the sender
 * say otherwise. What we do not know may be worth it.
 */
export function isWorthKeeping(stanza: Element, type: MessageType): boolean {
  if ((type !== 'chat' && type !== 'normal') || hasHint(stanza, 'no-store')) return false
  if (hasHint(stanza, 'store')) return true
  for (const { name, ns } of stanza.elements()) {
    if (ns === NS_CLIENT ? name !== 'thread' : (BY_NAMESPACE.get(ns)?.store ?? true)) return true
  }
  return false
}

/** XEP-0334 §4.1: it may wait for somebody, and is not kept for good. */
export function isOffTheRecord(stanza: Element): boolean {
  return hasHint(stanza, 'no-permanent-store') || hasHint(stanza, 'no-store')
}

export interface Copying {
  readonly type: MessageType
  readonly from: Jid
  readonly direction: CopyDirection
}

/** XEP-0280 §6.1 and §9, XEP-0334 §4.3. */
export function isForOtherClients(stanza: Element, { type, from, direction }: Copying): boolean {
  // An error that shows what it answers shows these, too: that message was not copied.
  if (stanza.child('private', NS_CARBONS) || hasHint(stanza, 'no-copy')) return false
  if (type === 'groupchat') return false
  const room = stanza.child('x', NS_MUC_USER)
  if (room?.child('invite')) return true
  // A room has sent it to each client that is in it.
  if (room && direction === 'received' && from.resource !== '') return false
  if (type === 'chat') return true
  const isConversation = type === 'normal' || type === 'error'
  if (isConversation && stanza.child('body')) return true
  // Written to a bare JID, as what begins a conversation is, and sent back by the server there.
  if (type === 'error' && from.resource === '') return true
  for (const { ns } of stanza.elements()) if (BY_NAMESPACE.get(ns)?.copy) return true
  return false
}

function hasHint(stanza: Element, name: string): boolean {
  return stanza.child(name, NS_HINTS) !== undefined
}

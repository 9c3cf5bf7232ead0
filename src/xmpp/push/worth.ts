/** What is worth waking a device for: a word to the person, a call, a request. XEP-0357 leaves it open. */
import type { InstantMessage } from '../../core/messaging/message.ts'
import { NS_CARBONS } from '../namespaces.ts'

/** Encrypted words (XEP-0384 of old and today), calls (XEP-0353), invitations to rooms (XEP-0249, XEP-0045 §7.8.2). */
const TELLING = [
  "xmlns='eu.siacs.conversations.axolotl'",
  "xmlns='urn:xmpp:omemo:2'",
  "xmlns='urn:xmpp:jingle-message:0'",
  "xmlns='jabber:x:conference'",
]

/** `stanza` is serialised as for a client. */
export function isWorthPush(stanza: string): boolean {
  const head = stanza.slice(0, stanza.indexOf('>') + 1)
  if (head.startsWith('<presence')) return head.includes(" type='subscribe'")
  if (!head.startsWith('<message') || head.includes(" type='error'")) return false
  // Another client of his has sent it, or has it.
  if (stanza.includes(`xmlns='${NS_CARBONS}'`)) return false
  return stanza.includes('<body') || TELLING.some((sign) => stanza.includes(sign))
}

export function isMessageWorthPush(message: InstantMessage): boolean {
  return message.body !== undefined || isWorthPush(message.native() ?? '')
}

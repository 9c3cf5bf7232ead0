/** A core message as the stanza that an XMPP client gets. */

import { domainOf } from '../../core/address.ts'
import type { InstantMessage } from '../../core/messaging/message.ts'
import { escapeAttr, xml } from '../../xml/element.ts'
import { NS_CLIENT, NS_DELAY } from '../namespaces.ts'

const END_TAG = '</message>'

/** Serialised, in the namespace of a client stream. XMPP's own messages go on as they came (RFC 6120 §8.1.1.2). */
export function renderMessage(message: InstantMessage): string {
  const native = message.origin === 'xmpp' ? message.native() : undefined
  const stanza = native ?? buildStanza(message)
  return message.delayedSince === undefined ? stanza : withDelay(stanza, message)
}

function buildStanza(message: InstantMessage): string {
  const { from, to, type, id, thread, subject, body } = message
  return xml(
    'message',
    { xmlns: NS_CLIENT, from: from.full, to: to.full, type, id },
    subject === undefined ? undefined : xml('subject', {}, subject),
    body === undefined ? undefined : xml('body', {}, body),
    thread === undefined ? undefined : xml('thread', {}, thread),
  ).toString(NS_CLIENT)
}

/** XEP-0203: when the server got it, for a message that waited. */
function withDelay(stanza: string, { to, delayedSince = 0 }: InstantMessage): string {
  const stamp = new Date(delayedSince).toISOString()
  const delay = `<delay xmlns='${NS_DELAY}' from='${escapeAttr(domainOf(to.bare))}' stamp='${stamp}'/>`
  if (stanza.endsWith(END_TAG)) return stanza.slice(0, -END_TAG.length) + delay + END_TAG
  return `${stanza.slice(0, -2)}>${delay}${END_TAG}`
}

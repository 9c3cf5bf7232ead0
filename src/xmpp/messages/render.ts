/** A core message as the stanza that an XMPP client gets. */

import { type BareJid, domainOf } from '../../core/address.ts'
import type { InstantMessage } from '../../core/messaging/message.ts'
import { parseDocument } from '../../xml/document.ts'
import { type Element, escapeAttr, xml } from '../../xml/element.ts'
import { NS_CLIENT, NS_DELAY } from '../namespaces.ts'
import { signalElements } from './signals.ts'
import { stanzaIdOf, withoutIdsBy } from './stanza-id.ts'

const END_TAG = '</message>'
/** It was checked when it came in: these bound nothing that is not bounded. */
const LIMITS = { maxStanzaBytes: 2 ** 30, maxDepth: 1000, maxAttributes: 1000 }

/**
 * Serialised, in the namespace of a client stream, for a client of this account; without one, as it was sent.
 * XMPP's own messages go on as they came (RFC 6120 §8.1.1.2).
 */
export function renderMessage(message: InstantMessage, account?: BareJid): string {
  const stanza = nativeFor(message, account) ?? buildStanza(message)
  const { stableId, delayedSince } = message
  if (account === undefined || (stableId === undefined && delayedSince === undefined)) return stanza
  const id = stableId === undefined ? '' : stanzaIdOf(stableId, account)
  return withinMessage(stanza, id + (delayedSince === undefined ? '' : delayOf(message)))
}

/** With more elements at its end. Both are serialised. */
export function withinMessage(stanza: string, elements: string): string {
  if (stanza.endsWith(END_TAG)) return stanza.slice(0, -END_TAG.length) + elements + END_TAG
  return `${stanza.slice(0, -2)}>${elements}${END_TAG}`
}

/** A stanza that this server serialised. */
export function parseStanza(text: string): Element | undefined {
  const [stanza] = parseDocument(`<sent xmlns='${NS_CLIENT}'>${text}</sent>`, LIMITS).elements()
  return stanza
}

function nativeFor(message: InstantMessage, account: BareJid | undefined): string | undefined {
  const native = message.origin === 'xmpp' ? message.native() : undefined
  if (native === undefined || account === undefined || account === message.to.bare) return native
  // It was sent to another of his addresses, and may claim to have an id from the account that it came to.
  const stanza = native.includes('stanza-id') ? parseStanza(native) : undefined
  return stanza ? withoutIdsBy(stanza, account).toString(NS_CLIENT) : native
}

function buildStanza(message: InstantMessage): string {
  const { from, to, thread, subject, body, signals } = message
  const failed = signals?.report?.fate === 'failed' ? signals.report : undefined
  const type = failed ? 'error' : message.type
  return xml(
    'message',
    { xmlns: NS_CLIENT, from: from.full, to: to.full, type, id: failed?.id ?? message.id },
    subject === undefined ? undefined : xml('subject', {}, subject),
    body === undefined ? undefined : xml('body', {}, body),
    thread === undefined ? undefined : xml('thread', {}, thread),
    ...(signals ? signalElements(signals) : []),
  ).toString(NS_CLIENT)
}

/** XEP-0203: when the server got it, for a message that waited. */
function delayOf({ to, delayedSince = 0 }: InstantMessage): string {
  const stamp = new Date(delayedSince).toISOString()
  return `<delay xmlns='${NS_DELAY}' from='${escapeAttr(domainOf(to.bare))}' stamp='${stamp}'/>`
}

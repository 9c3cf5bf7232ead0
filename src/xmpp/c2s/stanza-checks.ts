/** What RFC 6120 §8 demands of every stanza of a client before anybody looks at what it means. */
import { type Jid, parseJid } from '../../core/address.ts'
import type { Element } from '../../xml/element.ts'
import { badRequest, jidMalformed, StreamError } from '../errors.ts'
import { NS_CLIENT } from '../namespaces.ts'

const IQ_TYPES = new Set(['get', 'set', 'result', 'error'])

/**
 * The stanza with `from` set to the sender's full JID (§8.1.2.1).
 * Throws `StreamError` for what is no stanza or comes from another, `StanzaError` for what is wrong within.
 */
export function acceptStanza(element: Element, sender: Jid): Element {
  const { name, ns } = element
  if (ns !== NS_CLIENT) throw new StreamError('unsupported-stanza-type')
  if (name !== 'message' && name !== 'presence' && name !== 'iq') {
    throw new StreamError('unsupported-stanza-type')
  }
  const from = element.attr('from')
  if (from !== undefined && from !== sender.full && !isSender(from, sender)) {
    throw new StreamError('invalid-from')
  }
  return from === sender.full ? element : element.withAttrs({ from: sender.full })
}

function isSender(from: string, sender: Jid): boolean {
  const jid = parseJid(from)
  return jid !== undefined && (jid.full === sender.full || jid.full === sender.bare)
}

/** Throws `StanzaError`; apart from the other check, since the answer needs the stamped `from`. */
export function checkStanza(stanza: Element): void {
  const to = stanza.attr('to')
  if (to !== undefined && !parseJid(to)) throw jidMalformed()
  if (stanza.name === 'iq') checkIq(stanza)
}

/** §8.2.3. */
function checkIq(iq: Element): void {
  const type = iq.attr('type') ?? ''
  if (!IQ_TYPES.has(type)) throw badRequest('an iq has one of the types get, set, result, error')
  if ((iq.attr('id') ?? '') === '') throw badRequest('an iq has an id')
  const children = iq.children.filter((child) => typeof child !== 'string').length
  if ((type === 'get' || type === 'set') && children !== 1) {
    throw badRequest('an iq of type get or set has one child')
  }
  if (type === 'result' && children > 1)
    throw badRequest('an iq of type result has one child at most')
}

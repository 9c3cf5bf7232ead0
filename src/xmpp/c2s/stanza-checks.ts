/** What RFC 6120 §8 demands of every stanza of a client before anybody looks at what it means. */
import { type Jid, parseJid } from '../../core/address.ts'
import { counter } from '../../util/metrics.ts'
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, jidMalformed, notAllowed, StreamError } from '../errors.ts'
import { NS_BIND, NS_CLIENT, NS_SESSION } from '../namespaces.ts'

const IQ_TYPES = new Set(['get', 'set', 'result', 'error'])

const received = counter({
  name: 'heliograph_xmpp_stanzas_received_total',
  help: 'Stanzas that clients sent.',
  labels: ['name'],
})

/**
 * The stanza with `from` set to the sender's full JID (§8.1.2.1) and the language of its stream
 * where it names none (§8.1.5).
 * Throws `StreamError` for what is no stanza or comes from another, `StanzaError` for what is wrong within.
 */
export function acceptStanza(element: Element, sender: Jid, lang?: string): Element {
  const { name, ns } = element
  if (name !== 'message' && name !== 'presence' && name !== 'iq') {
    throw new StreamError('unsupported-stanza-type')
  }
  // §4.9.3.10: a stanza of servers or components, say.
  if (ns !== NS_CLIENT) throw new StreamError('invalid-namespace')
  const from = element.attr('from')
  if (from !== undefined && from !== sender.full && !isSender(from, sender)) {
    throw new StreamError('invalid-from')
  }
  if (lang !== undefined && element.attr('xml:lang') === undefined) {
    return element.withAttrs({ from: sender.full, 'xml:lang': lang })
  }
  return from === sender.full ? element : element.withAttrs({ from: sender.full })
}

/** The answer that only the stream can give; `undefined` for everything else. */
export function answerHere(stanza: Element, sender: Jid): Element | undefined {
  if (stanza.name !== 'iq' || stanza.attr('type') !== 'set') return undefined
  const to = stanza.attr('to')
  if (to !== undefined && to !== sender.domain && to !== sender.bare) return undefined
  // §7.1: one stream has one resource.
  if (stanza.child('bind', NS_BIND)) throw notAllowed('a resource is bound already')
  // RFC 6121 appendix E: clients of old ask for a session, which is there.
  if (!stanza.child('session', NS_SESSION)) return undefined
  return xml('iq', { xmlns: NS_CLIENT, type: 'result', id: stanza.attr('id') })
}

export function countStanza(name: string): void {
  received.inc({ name })
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

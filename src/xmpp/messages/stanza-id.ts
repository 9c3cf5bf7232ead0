/**
 * Stable ids on the wire (XEP-0359 §3.1). The core gives them, to messages that are kept or copied: `core/messaging/stable-id.ts`.
 * Those that others claim to have from us are taken out (§3, rule 2).
 */
import { type BareJid, parseJid } from '../../core/address.ts'
import { Element, escapeAttr } from '../../xml/element.ts'
import { NS_SID } from '../namespaces.ts'

/** Serialised. */
export function stanzaIdOf(id: string, by: BareJid): string {
  return `<stanza-id xmlns='${NS_SID}' id='${escapeAttr(id)}' by='${escapeAttr(by)}'/>`
}

/** The same message without ids that these accounts would have given. */
export function withoutIdsBy(stanza: Element, ...accounts: readonly BareJid[]): Element {
  if (!stanza.child('stanza-id', NS_SID)) return stanza
  const isForged = (child: Element | string) => {
    if (typeof child === 'string' || !child.is('stanza-id', NS_SID)) return false
    const by = parseJid(child.attr('by') ?? '')
    return by !== undefined && accounts.includes(by.bare)
  }
  const { name, ns, attrs, children } = stanza
  const rest = children.filter((child) => !isForged(child))
  return new Element(name, ns, attrs, rest)
}

/** What the account gave the message that it once sent. */
export function idGivenBy(account: BareJid, stanza: Element): string | undefined {
  for (const child of stanza.elements()) {
    if (child.is('stanza-id', NS_SID) && child.attr('by') === account) return child.attr('id')
  }
  return undefined
}

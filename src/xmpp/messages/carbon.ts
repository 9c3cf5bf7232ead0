/** A copy for another client of the person (XEP-0280 §7, §8): the message, forwarded as XEP-0297 has it. */
import type { BareJid, Jid } from '../../core/address.ts'
import type { CopyDirection, InstantMessage } from '../../core/messaging/message.ts'
import { type Element, escapeAttr } from '../../xml/element.ts'
import { NS_CARBONS, NS_CLIENT } from '../namespaces.ts'
import { renderMessage } from './render.ts'

const NS_FORWARD = 'urn:xmpp:forward:0'
const START_TAG = '<message'

/** Serialised, for the client at `to`. */
export function renderCarbon(message: InstantMessage, to: Jid, direction: CopyDirection): string {
  const { type } = message
  const original = renderMessage(message, direction === 'received' ? to.bare : undefined)
  // Within another namespace it says its own (XEP-0297 §3.2).
  const forwarded = `${START_TAG} xmlns='${NS_CLIENT}'${original.slice(START_TAG.length)}`
  return (
    `<message from='${escapeAttr(to.bare)}' to='${escapeAttr(to.full)}' type='${type}'>` +
    `<${direction} xmlns='${NS_CARBONS}'><forwarded xmlns='${NS_FORWARD}'>${forwarded}</forwarded></${direction}></message>`
  )
}

/**
 * The message that one of the account's own copies holds, where another client had got it and this one was
 * told; `sent` where it was his own. A copy is ours where it comes from the account: nobody else may say so.
 */
export function messageWithin(stanza: Element, account: BareJid): Element | 'sent' | undefined {
  if (stanza.attr('from') !== account) return undefined
  if (stanza.child('sent', NS_CARBONS)) return 'sent'
  const received = stanza.child('received', NS_CARBONS)
  return received?.child('forwarded', NS_FORWARD)?.child('message', NS_CLIENT)
}

/** A message that a client was sent and never got, as it was before. */
import { type BareJid, domainOf } from '../../core/address.ts'
import { Element } from '../../xml/element.ts'
import { NS_DELAY } from '../namespaces.ts'
import { messageWithin } from './carbon.ts'
import { idGivenBy, withoutIdsBy } from './stanza-id.ts'

export interface Returned {
  readonly stanza: Element
  /** By which the account knows it (XEP-0359), where it had an id. */
  readonly stableId: string | undefined
  /** When it came first, where that was told (XEP-0203). */
  readonly since: number | undefined
}

/**
 * Without what this server wrote into it, which the next delivery writes anew; of a copy, the message within.
 * `undefined` where it is for that client alone: a copy of what the person sent himself.
 */
export function asItCame(sent: Element, account: BareJid): Returned | undefined {
  const within = messageWithin(sent, account)
  if (within === 'sent') return undefined
  const message = within ?? sent
  const { stanza, since } = undelayed(message, domainOf(account))
  return { stanza: withoutIdsBy(stanza, account), stableId: idGivenBy(account, message), since }
}

function undelayed(
  stanza: Element,
  domain: string,
): { stanza: Element; since: number | undefined } {
  for (const delay of stanza.elements()) {
    if (!delay.is('delay', NS_DELAY) || delay.attr('from') !== domain) continue
    const since = Date.parse(delay.attr('stamp') ?? '')
    if (Number.isNaN(since)) break
    const { name, ns, attrs, children } = stanza
    const rest = children.filter((child) => child !== delay)
    return { stanza: new Element(name, ns, attrs, rest), since }
  }
  return { stanza, since: undefined }
}

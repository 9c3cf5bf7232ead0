/** What a block does to stanzas, those of the one who made it and those to him (XEP-0191 §3.3). */
import type { BareJid, Jid } from '../../core/address.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import { xml } from '../../xml/element.ts'
import { StanzaError } from '../errors.ts'

const NS_BLOCKING_ERRORS = 'urn:xmpp:blocking:errors'

export type Refusing = Pick<AccessControl, 'isRefused' | 'mayExchangeMessages'>

/** Throws `StanzaError` `not-acceptable` for what a user sends to an address that he has blocked. */
export function requireNotBlocked(access: Refusing, account: BareJid, to: Jid): void {
  // Who blocks his own domain still has his own clients and his server (XEP-0191 §5, note).
  if (to.bare === account || to.local === '') return
  if (!access.isRefused(account, to.bare)) return
  const detail = xml('blocked', { xmlns: NS_BLOCKING_ERRORS })
  throw new StanzaError('cancel', 'not-acceptable', undefined, detail)
}

/** Whether nothing of `sender` is to reach the account: by a block of its own, or across a domain that is walled off. */
export function isRefusedBy(access: Refusing, account: BareJid, sender: BareJid): boolean {
  return account !== sender && !access.mayExchangeMessages(account, sender)
}

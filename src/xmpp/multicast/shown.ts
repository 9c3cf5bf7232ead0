/** To whom clients showed themselves through the service (XEP-0033 §5.1); a part of their directed presence. */
import { type Jid, parseJid } from '../../core/address.ts'
import type { XmppSession } from '../session.ts'

export class Shown {
  readonly #addresses = new WeakMap<XmppSession, Set<string>>()

  /** A copy of its presence went there; it may have been refused. */
  sent(session: XmppSession, { full }: Jid): void {
    const { directed } = session
    const addresses = this.#addresses.get(session) ?? new Set()
    if (!directed?.has(full)) {
      addresses.delete(full)
      return
    }
    addresses.add(full)
    this.#addresses.set(session, addresses)
    if (addresses.size <= directed.size) return
    // Some were told otherwise since: what is kept stays within the limit of directed presence.
    for (const address of addresses) if (!directed.has(address)) addresses.delete(address)
  }

  /** All who still see it. */
  forget(session: XmppSession): Jid[] {
    const addresses = this.#addresses.get(session) ?? []
    this.#addresses.delete(session)
    const seeing = [...addresses].filter((address) => session.directed?.has(address))
    return seeing.flatMap((address) => parseJid(address) ?? [])
  }
}

/** To whom senders showed themselves through the service (XEP-0033 §5.1). */
import { type Jid, parseJid } from '../../core/address.ts'
import type { Asker } from '../asker.ts'
import { resourceConstraint } from '../errors.ts'
import { XmppSession } from '../session.ts'

/** Addresses that all external components together may show themselves to. */
const MAX_OF_COMPONENTS = 20_000

export class Shown {
  readonly #ofSessions = new WeakMap<XmppSession, Set<string>>()
  /** Nobody else keeps track of what components show: by the sender's address. */
  readonly #ofOthers = new Map<string, Set<string>>()
  readonly #maxOfOthers: number
  #sizeOfOthers = 0

  constructor(maxOfOthers = MAX_OF_COMPONENTS) {
    this.#maxOfOthers = maxOfOthers
  }

  /** Throws `StanzaError` `resource-constraint` where its end could not be told. */
  requireRoom(asker: Asker): void {
    if (asker instanceof XmppSession || this.#sizeOfOthers < this.#maxOfOthers) return
    throw resourceConstraint('presence to too many addresses')
  }

  /** A copy of his presence went there. */
  sent(asker: Asker, to: Jid, isAvailable: boolean): void {
    if (asker instanceof XmppSession) this.#ofSession(asker, to.full)
    else if (isAvailable) this.#add(asker.jid.full, to.full)
    else this.#remove(asker.jid.full, to.full)
  }

  /** All who still see him. */
  forget(asker: Asker): Jid[] {
    const addresses =
      asker instanceof XmppSession ? this.#seeing(asker) : this.#forgetAll(asker.jid.full)
    return addresses.flatMap((address) => parseJid(address) ?? [])
  }

  /** A part of its directed presence, which is bounded, and which it may have been refused. */
  #ofSession(session: XmppSession, to: string): void {
    const { directed } = session
    const addresses = this.#ofSessions.get(session) ?? new Set()
    if (!directed?.has(to)) {
      addresses.delete(to)
      return
    }
    addresses.add(to)
    this.#ofSessions.set(session, addresses)
    if (addresses.size <= directed.size) return
    for (const address of addresses) if (!directed.has(address)) addresses.delete(address)
  }

  #seeing(session: XmppSession): string[] {
    const addresses = this.#ofSessions.get(session) ?? []
    this.#ofSessions.delete(session)
    return [...addresses].filter((address) => session.directed?.has(address))
  }

  #add(from: string, to: string): void {
    const addresses = this.#ofOthers.get(from) ?? new Set()
    if (!addresses.has(to)) this.#sizeOfOthers += 1
    this.#ofOthers.set(from, addresses.add(to))
  }

  #remove(from: string, to: string): void {
    const addresses = this.#ofOthers.get(from)
    if (!addresses?.delete(to)) return
    this.#sizeOfOthers -= 1
    if (addresses.size === 0) this.#ofOthers.delete(from)
  }

  #forgetAll(from: string): string[] {
    const addresses = this.#ofOthers.get(from) ?? new Set()
    this.#ofOthers.delete(from)
    this.#sizeOfOthers -= addresses.size
    return [...addresses]
  }
}

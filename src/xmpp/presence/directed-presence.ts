/** Directed presence (RFC 6121 §4.6): to whom a client showed itself outside its broadcasts. */
import { type BareJid, type Jid, parseJid } from '../../core/address.ts'
import type { Element } from '../../xml/element.ts'
import { resourceConstraint } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { Rosters } from '../roster/rosters.ts'
import type { XmppSession } from '../session.ts'
import { watches } from './broadcaster.ts'
import { addressed, type SharedText } from './presence-stanza.ts'

export interface DirectedPresenceDeps {
  sessions: LocalSessions
  rosters: Rosters
  /** Addresses that one client may show itself to. */
  limit: number
}

export class DirectedPresence {
  readonly #deps: DirectedPresenceDeps

  constructor(deps: DirectedPresenceDeps) {
    this.#deps = deps
  }

  /** §4.6.3. Throws `StanzaError` `resource-constraint` above the limit. */
  send(session: XmppSession, stanza: Element, to: Jid): void {
    const directed = session.directed ?? new Set()
    if (directed.size >= this.#deps.limit && !directed.has(to.full)) {
      throw resourceConstraint('directed presence to too many addresses')
    }
    directed.add(to.full)
    session.directed = directed
    this.deliver(stanza, to)
  }

  withdraw(session: XmppSession, stanza: Element, to: Jid): void {
    session.directed?.delete(to.full)
    for (const recipient of this.#recipients(to)) leave(session, recipient, stanza)
  }

  /** §8.5.2.1.2 to a bare JID, §8.5.3.1 to a full one; those who are not there get nothing. */
  deliver(stanza: Element, to: Jid): void {
    for (const session of this.#recipients(to)) session.send(stanza)
  }

  /** §4.6.3: whoever got directed presence gets the end of it, unless a broadcast tells him already. */
  end(session: XmppSession, text: SharedText, isBroadcast: boolean): undefined | Promise<void> {
    const { directed, account } = session
    session.directed = undefined
    if (!directed || directed.size === 0) return undefined
    return this.#deps.rosters.get(account).then(({ items }) => {
      for (const address of directed) {
        const to = parseJid(address)
        if (!to || (isBroadcast && isBroadcastTo(to.bare, account, items))) continue
        const stanza = addressed(text, address)
        for (const recipient of this.#recipients(to)) leave(session, recipient, stanza)
      }
    })
  }

  #recipients({ bare, resource }: Jid): readonly XmppSession[] {
    const { sessions } = this.#deps
    if (resource === '') return sessions.available(bare)
    const session = sessions.get(bare, resource)
    return session ? [session] : []
  }
}

/** §4.6.1: whoever says that he is gone need not be told when the other goes. */
function leave(session: XmppSession, recipient: XmppSession, stanza: Element | string): void {
  recipient.send(stanza)
  recipient.directed?.delete(session.jid.full)
}

function isBroadcastTo(
  contact: BareJid,
  account: BareJid,
  items: ReadonlyMap<BareJid, Parameters<typeof watches>[0]>,
): boolean {
  const item = items.get(contact)
  return contact === account || (item !== undefined && watches(item))
}

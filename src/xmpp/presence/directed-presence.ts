/** Directed presence (RFC 6121 §4.6): to whom a client showed itself outside its broadcasts. */
import { type BareJid, type Jid, parseJid } from '../../core/address.ts'
import type { AccessChange } from '../../core/presence/access/access-control.ts'
import { watches } from '../../core/presence/roster-item.ts'
import type { Element } from '../../xml/element.ts'
import type { Refusing } from '../blocking/blocked.ts'
import type { Components } from '../components/components.ts'
import { resourceConstraint } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { Rosters } from '../roster/rosters.ts'
import type { XmppSession } from '../session.ts'
import type { Broadcaster } from './broadcaster.ts'
import { addressed, type SharedText, unavailableText } from './presence-stanza.ts'

export interface DirectedPresenceDeps {
  sessions: LocalSessions
  rosters: Rosters
  broadcaster: Broadcaster
  access: Refusing
  components: Pick<Components, 'show'>
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
    this.#deps.components.show(stanza, to)
    for (const recipient of this.#recipients(to)) leave(session, recipient, stanza)
  }

  /** §8.5.2.1.2 to a bare JID, §8.5.3.1 to a full one; those who are not there get nothing. */
  deliver(stanza: Element, to: Jid): void {
    this.#deps.components.show(stanza, to)
    for (const session of this.#recipients(to)) session.send(stanza)
  }

  /** §4.6.3: whoever got directed presence gets the end of it, unless a broadcast tells him already. */
  end(session: XmppSession, text: SharedText, isBroadcast: boolean): undefined | Promise<void> {
    const { directed, account } = session
    session.directed = undefined
    if (!directed || directed.size === 0) return undefined
    const { broadcaster, rosters } = this.#deps
    const addressees = [...directed].flatMap((address) => {
      const to = parseJid(address)
      return to ? [{ to, isShown: broadcaster.hasShown(session.jid, to.bare) }] : []
    })
    return rosters.get(account).then(({ items }) => {
      for (const { to, isShown } of addressees) {
        const item = items.get(to.bare)
        const watching = to.bare === account || (isShown && item !== undefined && watches(item))
        if (!isBroadcast || !watching) this.#sendEnd(session, text, to)
      }
    })
  }

  /** XEP-0191 §3.3: a block ends what either showed the other by directed presence. */
  accessChanged({ presentity, watcher }: AccessChange): void {
    if (presentity === undefined) return
    this.#endBlocked(presentity)
    if (watcher !== undefined) this.#endBlocked(watcher as BareJid)
  }

  #endBlocked(account: BareJid): void {
    for (const session of this.#deps.sessions.connected(account)) {
      for (const address of session.directed ?? []) {
        const to = parseJid(address)
        if (!to || !this.#isBlocked(account, to.bare)) continue
        session.directed?.delete(address)
        this.#sendEnd(session, unavailableText(session.jid.full), to)
      }
    }
  }

  /** Whether one of the two has blocked the other. */
  #isBlocked(one: BareJid, other: BareJid): boolean {
    const { access } = this.#deps
    return one !== other && (access.isRefused(one, other) || access.isRefused(other, one))
  }

  #sendEnd(session: XmppSession, text: SharedText, to: Jid): void {
    const stanza = addressed(text, to.full)
    this.#deps.components.show(stanza, to)
    for (const recipient of this.#recipients(to)) leave(session, recipient, stanza)
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

/** Presence probes (RFC 6121 §4.3): those that the server makes for a new resource, and a client's own. */
import { type BareJid, domainOf, type Jid } from '../../core/address.ts'
import { NOTHING, type Visibility } from '../../core/presence/access/access.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import type { Directory } from '../../directory/directory.ts'
import { type Element, xml } from '../../xml/element.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { Rosters } from '../roster/rosters.ts'
import type { XmppSession } from '../session.ts'
import type { Broadcaster } from './broadcaster.ts'
import { addressed, type SharedText, sharedText, unavailableText } from './presence-stanza.ts'
import type { Sight } from './sight.ts'
import { serverStanza } from './subscription-stanza.ts'
import type { XmppSubscriptions } from './subscriptions.ts'

export interface ProbesDeps {
  directory: Directory
  rosters: Rosters
  sessions: LocalSessions
  presence: PresenceService
  access: AccessControl
  sight: Sight
  broadcaster: Broadcaster
  subscriptions: XmppSubscriptions
}

export class Probes {
  readonly #deps: ProbesDeps

  constructor(deps: ProbesDeps) {
    this.#deps = deps
  }

  /**
   * Shows a new resource its user's contacts who are on line. Those who are not are left out:
   * §4.3.2 rule 3 does not require an answer, and there are many of them.
   */
  async sendAll(session: XmppSession): Promise<void> {
    const { account } = session
    const { rosters, broadcaster, directory, subscriptions } = this.#deps
    const { items } = await rosters.get(account)
    const contacts = [...items.values()]
      .filter(({ subscription }) => subscription === 'to' || subscription === 'both')
      .map(({ contact }) => contact)
      .filter((contact) => directory.isLocal(domainOf(contact)))
    session.awaiting = new Set(contacts)
    for (const contact of contacts) {
      if (session.presence === undefined) return
      if (await broadcaster.show(session, contact)) continue
      await subscriptions.refuseProbe(contact, account)
    }
  }

  /** A client's own probe; the answer goes to that client. */
  async answer(session: XmppSession, probe: Element, to: Jid): Promise<void> {
    const { account } = session
    const id = probe.attr('id')
    if (to.resource !== '' && this.#showsItselfTo(to, session.jid)) {
      session.send(addressed(mere(to), account))
      return
    }
    const visible = await this.#deps.sight.of(to.bare, account)
    if (visible === undefined) {
      // §4.3.2 rule 1, and §8.5.1 for a user who does not exist.
      session.send(serverStanza('unsubscribed', to.bare, account).withAttrs({ id }))
      return
    }
    const shown = this.#deps.broadcaster.current(to.bare, visible)
    if (to.resource !== '') {
      // §4.3.2: only that the resource is there, no more.
      const text = shown.has(to.resource) ? mere(to) : unavailableText(to.full, { id })
      session.send(addressed(text, account))
      return
    }
    for (const { text } of shown.values()) session.send(addressed(text, account))
    if (shown.size > 0) return
    const since = await this.#goneSince(to.bare, account, visible)
    session.send(addressed(unavailableText(to.bare, { id, since }), account))
  }

  /** §4.6.6: directed presence lets its addressee ask whether the sender is still there. */
  #showsItselfTo({ bare, resource }: Jid, asker: Jid): boolean {
    const directed = this.#deps.sessions.get(bare, resource)?.directed
    return directed?.has(asker.full) || directed?.has(asker.bare) || false
  }

  /** Who was blocked saw the contact go when the rule came: any other time would tell that there is one. */
  async #goneSince(contact: BareJid, watcher: BareJid, visible: Visibility): Promise<number> {
    const { presence, access } = this.#deps
    const { since } = presence.view(contact, visible).document.person
    if (visible !== NOTHING) return since
    const asker = { address: watcher, account: watcher, protocol: 'xmpp' } as const
    const { reasons } = await access.explain(contact, asker)
    const rules = reasons.map(({ ground }) => (typeof ground === 'object' ? ground.updatedAt : 0))
    return Math.max(since, ...rules)
  }
}

/** That somebody is there, and no more. */
function mere({ full }: Pick<Jid, 'full'>): SharedText {
  return sharedText(xml('presence', { xmlns: NS_CLIENT, from: full }))
}

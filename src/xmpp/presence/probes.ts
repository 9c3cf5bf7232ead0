/** Presence probes (RFC 6121 §4.3): those that the server makes for a new resource, and a client's own. */
import type { BareJid, Jid } from '../../core/address.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import type { Directory } from '../../directory/directory.ts'
import { type Element, xml } from '../../xml/element.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { Rosters } from '../roster/rosters.ts'
import type { XmppSession } from '../session.ts'
import { type Broadcaster, watches } from './broadcaster.ts'
import { addressed, type SharedText, sharedText, unavailableText } from './presence-stanza.ts'
import { serverStanza } from './subscription-stanza.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface ProbesDeps {
  directory: Directory
  rosters: Rosters
  sessions: LocalSessions
  presence: PresenceService
  access: AccessControl
  broadcaster: Broadcaster
  subscriptions: Subscriptions
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
    for (const { contact, subscription } of items.values()) {
      if (subscription !== 'to' && subscription !== 'both') continue
      if (!directory.isLocal(contact.slice(contact.indexOf('@') + 1))) continue
      const texts = broadcaster.current(contact, account)
      if (texts.length === 0) continue
      if (!(await this.isSeenBy(contact, account)))
        await subscriptions.refuseProbe(contact, account)
      else for (const text of texts) session.send(addressed(text, account))
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
    if (to.bare !== account && !(await this.isSeenBy(to.bare, account))) {
      // §4.3.2 rule 1, and §8.5.1 for a user who does not exist.
      session.send(serverStanza('unsubscribed', to.bare, account).withAttrs({ id }))
      return
    }
    for (const text of this.#answers(to, account, id)) session.send(addressed(text, account))
  }

  /** §4.6.6: directed presence lets its addressee ask whether the sender is still there. */
  #showsItselfTo({ bare, resource }: Jid, asker: Jid): boolean {
    const directed = this.#deps.sessions.get(bare, resource)?.directed
    return directed?.has(asker.full) || directed?.has(asker.bare) || false
  }

  /** Whether the watcher is subscribed to the user's presence. */
  async isSeenBy(user: BareJid, watcher: BareJid): Promise<boolean> {
    const item = await this.#deps.rosters.item(user, watcher)
    return item !== undefined && watches(item)
  }

  #answers({ bare, resource, full }: Jid, watcher: BareJid, id: string | undefined) {
    const { broadcaster, sessions } = this.#deps
    if (resource !== '') {
      // §4.3.2: only that the resource is there, no more.
      const shown = broadcaster.current(bare, watcher).length > 0
      if (!shown || !sessions.get(bare, resource)?.presence) return [unavailableText(full, { id })]
      return [mere({ full })]
    }
    const texts = broadcaster.current(bare, watcher)
    if (texts.length > 0) return texts
    const asker = { address: watcher, account: watcher, protocol: 'xmpp' } as const
    const { visible } = this.#deps.access.decide(bare, asker, true)
    const { document } = this.#deps.presence.view(bare, visible)
    return [unavailableText(bare, { id, since: document.person.since })]
  }
}

/** That somebody is there, and no more. */
function mere({ full }: Pick<Jid, 'full'>): SharedText {
  return sharedText(xml('presence', { xmlns: NS_CLIENT, from: full }))
}

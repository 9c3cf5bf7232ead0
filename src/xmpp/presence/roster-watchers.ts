/** Who watches whom over XMPP: whoever the contact lists subscribe, while he is on line. */
import type { BareJid } from '../../core/address.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import { isGrant, type RosterItem, watches } from '../../core/presence/roster-item.ts'
import type { LiveWatch, WatcherSource } from '../../core/presence/watchers.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { Rosters } from '../roster/rosters.ts'

export interface RosterWatchersDeps {
  rosters: Rosters
  sessions: LocalSessions
  access: AccessControl
}

export class RosterWatchers implements WatcherSource {
  readonly #deps: RosterWatchersDeps

  constructor(deps: RosterWatchersDeps) {
    this.#deps = deps
  }

  async watched(presentity: BareJid): Promise<LiveWatch[]> {
    const { items } = await this.#deps.rosters.get(presentity)
    return [...items.values()].flatMap((item) => this.#watch(presentity, item))
  }

  async watching(watcher: string): Promise<LiveWatch[]> {
    const account = watcher as BareJid
    const { rosters, sessions } = this.#deps
    if (sessions.available(account).length === 0) return []
    const watches: LiveWatch[] = []
    for (const { contact, subscription } of (await rosters.get(account)).items.values()) {
      if (subscription !== 'to' && subscription !== 'both') continue
      const item = await rosters.item(contact, account)
      if (item) watches.push(...this.#watch(contact, item))
    }
    return watches
  }

  /** One, or none where the contact does not watch or is not on line. */
  #watch(presentity: BareJid, item: RosterItem): LiveWatch[] {
    const { contact } = item
    const subscriptions = this.#deps.sessions.available(contact).length
    if (!watches(item) || subscriptions === 0) return []
    const asker = { address: contact, account: contact, protocol: 'xmpp' } as const
    const { decision } = this.#deps.access.decide(presentity, asker, isGrant(item))
    const status = decision === 'confirm' ? 'pending' : 'active' // a block is polite
    const watch = { presentity, watcher: contact, status, subscriptions } as const
    return [{ ...watch, protocol: 'xmpp', roster: true }]
  }
}

/** What users may see of each other over XMPP: the roster subscribes (RFC 6121 §3), the access rules decide. */
import type { BareJid } from '../../core/address.ts'
import { EVERYTHING, type Visibility } from '../../core/presence/access/access.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import { isGrant, watches } from '../../core/presence/roster-item.ts'
import type { Rosters } from '../roster/rosters.ts'
import { XMPP_CLASS } from './presence-source.ts'

export interface SightDeps {
  rosters: Rosters
  access: AccessControl
}

export class Sight {
  readonly #deps: SightDeps

  constructor(deps: SightDeps) {
    this.#deps = deps
  }

  /** `undefined` where the watcher is not subscribed. */
  async of(user: BareJid, watcher: BareJid): Promise<Visibility | undefined> {
    if (user === watcher) return EVERYTHING
    const item = await this.#deps.rosters.item(user, watcher)
    if (!item || !watches(item)) return undefined
    const asker = { address: watcher, account: watcher, protocol: 'xmpp' } as const
    return this.#deps.access.decide(user, asker, isGrant(item)).visible
  }

  /** Whether the watcher may know of the user's clients. */
  async ofClients(user: BareJid, watcher: BareJid): Promise<boolean> {
    return (await this.of(user, watcher))?.sees(XMPP_CLASS) ?? false
  }
}

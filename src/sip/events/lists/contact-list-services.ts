/**
 * Contact lists as resource lists: one URI that means everybody's own, the same list over XMPP, SIP
 * and the API. `contacts` has all of them, `contacts-by-group` has a list for each group, and
 * `contacts+Friends` is one of these (docs/adr).
 */
import type { BareJid } from '../../../core/address.ts'
import type {
  ListedResource,
  ListServices,
  ServedList,
} from '../../../core/presence/list-services.ts'
import { type RosterItem, sees } from '../../../core/presence/roster-item.ts'
import { parseSipUri, serializeUri } from '../../message/uri.ts'
import { sipUriOf } from '../../messaging/outgoing.ts'
import type { People } from '../event-package.ts'

export interface ContactListSource {
  get(account: BareJid): Promise<{ readonly items: ReadonlyMap<BareJid, RosterItem> }>
  onChange(listener: (event: { readonly account: BareJid }) => void): Disposable
}

export interface ContactListServicesDeps {
  readonly contacts: ContactListSource
  readonly people: People
  /** The user part of the URI. */
  readonly name: string
}

export class ContactListServices implements ListServices {
  readonly #deps: ContactListServicesDeps

  constructor(deps: ContactListServicesDeps) {
    this.#deps = deps
  }

  async find(uri: string, watcher: BareJid): Promise<ServedList | undefined> {
    const { name, people, contacts } = this.#deps
    const { scheme = '', user = '', host = '' } = parseSipUri(uri) ?? {}
    if (scheme !== 'sip' && scheme !== 'sips') return undefined
    if (!user.startsWith(name) || !people.isLocal(host)) return undefined
    const { items } = await contacts.get(watcher)
    const watched = [...items.values()].filter(isWatched)
    const list = { uri, key: keyOf(watcher), owner: watcher }
    if (user === name) return { ...list, resources: await this.#resourcesOf(watched) }
    if (user === `${name}-by-group`) {
      return { ...list, resources: await this.#groupsOf(watched, { scheme, host }) }
    }
    if (!user.startsWith(`${name}+`)) return undefined
    const group = user.slice(name.length + 1)
    const members = watched.filter(({ groups }) => groups.includes(group))
    return { ...list, name: group, resources: await this.#resourcesOf(members) }
  }

  onChange(listener: (key: string) => void): Disposable {
    return this.#deps.contacts.onChange(({ account }) => listener(keyOf(account)))
  }

  /** The groups as lists, then those who are in none. */
  async #groupsOf(
    items: readonly RosterItem[],
    at: { scheme: string; host: string },
  ): Promise<ListedResource[]> {
    const groups = [...new Set(items.flatMap(({ groups }) => groups))].sort()
    const lists = groups.map((group) => ({ uri: this.#groupUri(group, at), name: group }))
    const alone = items.filter(({ groups }) => groups.length === 0)
    return [...lists, ...(await this.#resourcesOf(alone))]
  }

  #groupUri(group: string, { scheme, host }: { scheme: string; host: string }): string {
    return serializeUri({ scheme, user: `${this.#deps.name}+${group}`, host })
  }

  #resourcesOf(items: readonly RosterItem[]): Promise<ListedResource[]> {
    return Promise.all(items.map((item) => this.#resourceOf(item)))
  }

  async #resourceOf({ contact, name }: RosterItem): Promise<ListedResource> {
    const { people } = this.#deps
    const uri = (await people.primaryUri(contact, 'sip')) ?? sipUriOf(contact)
    return { uri, name: name || (await people.user(contact))?.name || undefined }
  }
}

/** The manual's "presence buddies": whose presence the user wants. Who only asked him is none. */
function isWatched(item: RosterItem): boolean {
  return item.inRoster && (sees(item) || item.pendingOut)
}

function keyOf(account: BareJid): string {
  return `contacts of ${account}`
}

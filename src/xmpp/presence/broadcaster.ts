/**
 * Tells contacts what they may see of a person (RFC 6121 §4.2, §4.4, §4.5). It remembers what they
 * were told last, and `update` tells them the difference: the same call serves a client's new
 * presence, its end, and a change of the composed state.
 */
import type { BareJid, Jid } from '../../core/address.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import type { RosterItem } from '../../core/presence/roster-item.ts'
import type { ContactList } from '../../directory/contact-lists.ts'
import { counter } from '../../util/metrics.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { Rosters } from '../roster/rosters.ts'
import {
  type Announcements,
  type AnnouncerDeps,
  currentAnnouncements,
  NOTHING,
} from './announcements.ts'
import type { BusyShow } from './composed.ts'
import { addressed, type SharedText, unavailableText } from './presence-stanza.ts'

export interface BroadcasterDeps {
  sessions: LocalSessions
  rosters: Rosters
  presence: PresenceService
  access: AccessControl
  busyShow: BusyShow
}

const stanzas = counter({
  name: 'heliograph_xmpp_presence_stanzas_total',
  help: 'Presence stanzas handed to XMPP clients of contacts.',
})

export class Broadcaster {
  readonly #deps: BroadcasterDeps
  readonly #announcer: AnnouncerDeps
  /** What contacts were told of each person last. */
  readonly #told = new Map<BareJid, Announcements>()
  /** The words with which a resource went away, by full JID, until contacts have been told. */
  readonly #farewells = new Map<string, SharedText>()
  /** Updates that wait for the contact list. */
  readonly #waiting = new Map<BareJid, Promise<void>>()

  constructor(deps: BroadcasterDeps) {
    this.#deps = deps
    this.#announcer = deps
  }

  /** Tells contacts what changed since they were told last. Resolves, at once or later, when they are. */
  update(account: BareJid): void | Promise<void> {
    const waiting = this.#waiting.get(account)
    if (waiting !== undefined) return waiting
    const list = this.#deps.rosters.peek(account)
    if (list) return this.#tell(account, list)
    const told = this.#deps.rosters.get(account).then(
      (loaded) => {
        this.#waiting.delete(account)
        this.#tell(account, loaded)
      },
      (error: unknown) => {
        this.#waiting.delete(account)
        throw error
      },
    )
    this.#waiting.set(account, told)
    return told
  }

  /** With these words the resource goes, once `update` finds that it is gone. */
  farewell({ bare, resource, full }: Jid, text: SharedText): void {
    if (this.#told.get(bare)?.has(resource)) this.#farewells.set(full, text)
  }

  /** What a watcher sees now; empty where the person is, or must seem, offline. */
  current(account: BareJid, watcher: BareJid): SharedText[] {
    if (!this.#mayWatch(account, watcher)) return []
    const now = currentAnnouncements(this.#announcer, account, this.#told.get(account) ?? NOTHING)
    return [...now.values()].map(({ text }) => text)
  }

  /** Sends one watcher what he may see now, for a subscription that begins (RFC 6121 §3.1.5). */
  sendCurrent(account: BareJid, watcher: BareJid): void {
    this.#send(watcher, this.current(account, watcher))
  }

  /** Sends one watcher that the person is gone, for a subscription that ends (RFC 6121 §3.2.2). */
  sendUnavailable(account: BareJid, watcher: BareJid): void {
    if (!this.#mayWatch(account, watcher)) return
    const resources = [...(this.#told.get(account) ?? NOTHING).keys()]
    this.#send(
      watcher,
      resources.map((resource) => unavailableText(`${account}/${resource}`)),
    )
  }

  #tell(account: BareJid, list: ContactList): void {
    const before = this.#told.get(account) ?? NOTHING
    const now = currentAnnouncements(this.#announcer, account, before)
    if (now.size > 0) this.#told.set(account, now)
    else this.#told.delete(account)
    const texts = this.#differences(account, before, now)
    if (texts.length === 0) return
    for (const item of list.items.values()) {
      if (!watches(item)) continue
      const sessions = this.#deps.sessions.available(item.contact)
      if (sessions.length === 0 || !this.#mayWatch(account, item.contact)) continue
      for (const text of texts) {
        const stanza = addressed(text, item.contact)
        for (const session of sessions) session.send(stanza)
      }
      stanzas.inc(texts.length * sessions.length)
    }
  }

  #differences(account: BareJid, before: Announcements, now: Announcements): SharedText[] {
    const texts: SharedText[] = []
    for (const resource of before.keys()) {
      const full = `${account}/${resource}`
      const farewell = this.#farewells.get(full)
      this.#farewells.delete(full)
      if (!now.has(resource)) texts.push(farewell ?? unavailableText(full))
    }
    for (const [resource, announcement] of now) {
      if (before.get(resource) !== announcement) texts.push(announcement.text)
    }
    return texts
  }

  #send(watcher: BareJid, texts: readonly SharedText[]): void {
    if (texts.length === 0) return
    const sessions = this.#deps.sessions.available(watcher)
    for (const text of texts) {
      const stanza = addressed(text, watcher)
      for (const session of sessions) session.send(stanza)
    }
    stanzas.inc(texts.length * sessions.length)
  }

  #mayWatch(presentity: BareJid, watcher: BareJid): boolean {
    const asker = { address: watcher, account: watcher, protocol: 'xmpp' } as const
    return this.#deps.access.decide(presentity, asker, true).decision === 'allow'
  }
}

/** Whether the contact is subscribed to the user (RFC 6121 §4.2.2). */
export function watches({ subscription }: RosterItem): boolean {
  return subscription === 'from' || subscription === 'both'
}

/** The rosters of this server's users, whose changes are pushed to their interested resources (RFC 6121 §2.1.6). */
import type { BareJid } from '../../core/address.ts'
import type { RosterItem } from '../../core/presence/roster-item.ts'
import type { ContactEvent, ContactList, ContactLists } from '../../directory/contact-lists.ts'
import { DirectoryError } from '../../directory/errors.ts'
import { type Element, escapeAttr } from '../../xml/element.ts'
import { itemNotFound, resourceConstraint } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { XmppSession } from '../session.ts'
import { looksSame, removedItem, rosterItem, rosterQuery } from './roster-stanza.ts'

/** Must be quick and pure: it may run more than once. */
export type ChangeItem = (item: RosterItem | undefined) => RosterItem | undefined

type Lists = Pick<ContactLists, 'get' | 'peek' | 'update' | 'exclusive' | 'changesSince'>

export class Rosters {
  readonly #contacts: Lists
  readonly #sessions: LocalSessions
  readonly #loads = new Map<BareJid, Set<{ overtaken: boolean }>>()
  #pushes = 0

  constructor(deps: { contacts: Lists; sessions: LocalSessions }) {
    this.#contacts = deps.contacts
    this.#sessions = deps.sessions
  }

  get(account: BareJid): Promise<ContactList> {
    return this.#contacts.get(account)
  }

  /**
   * Does something with the list as it is then: at once where it is in memory, and never with one
   * that a change has overtaken while it was loaded.
   */
  use<T>(account: BareJid, work: (list: ContactList) => T): T | Promise<T> {
    const list = this.#contacts.peek(account)
    return list ? work(list) : this.#load(account, work)
  }

  async #load<T>(account: BareJid, work: (list: ContactList) => T): Promise<T> {
    for (;;) {
      const load = { overtaken: false }
      const loads = this.#loads.get(account) ?? new Set()
      this.#loads.set(account, loads.add(load))
      try {
        const list = await this.#contacts.get(account)
        if (!load.overtaken) return work(list)
      } finally {
        loads.delete(load)
        if (loads.size === 0 && this.#loads.get(account) === loads) this.#loads.delete(account)
      }
    }
  }

  async item(account: BareJid, contact: BareJid): Promise<RosterItem | undefined> {
    return (await this.#contacts.get(account)).items.get(contact)
  }

  /** Runs `task` while no change of the account's roster is under way. */
  exclusive<T>(account: BareJid, task: () => Promise<T>): Promise<T> {
    return this.#contacts.exclusive(account, task).catch(refuse)
  }

  changesSince(account: BareJid, version: string) {
    return this.#contacts.changesSince(account, version)
  }

  /** Changes one contact. Throws `StanzaError` where the list is full or the user is gone. */
  async change(account: BareJid, contact: BareJid, change: ChangeItem): Promise<void> {
    await this.#contacts.update(account, contact, change).catch(refuse)
  }

  /** Somebody changed a list: pushes it (RFC 6121 §2.1.6). */
  changed({ account, contact, before, after, version }: ContactEvent): void {
    for (const load of this.#loads.get(account) ?? []) load.overtaken = true
    if (looksSame(before, after)) return
    this.push(account, version, after?.inRoster ? rosterItem(after) : removedItem(contact))
  }

  push(account: BareJid, version: string, item: Element): void {
    const interested = this.#sessions.interested(account)
    if (interested.length === 0) return
    const query = rosterQuery(version, [item]).toString(NS_CLIENT)
    for (const session of interested) this.#push(session, query)
  }

  /** Tells one client what it missed (RFC 6121 §2.6.3). */
  pushTo(session: XmppSession, version: string, item: Element): void {
    this.#push(session, rosterQuery(version, [item]).toString(NS_CLIENT))
  }

  #push(session: XmppSession, query: string): void {
    this.#pushes += 1
    const to = escapeAttr(session.jid.full)
    session.send(`<iq type='set' id='push${this.#pushes}' to='${to}'>${query}</iq>`)
  }
}

function refuse(error: unknown): never {
  if (error instanceof DirectoryError) {
    if (error.code === 'TOO_MANY_CONTACTS') throw resourceConstraint('the roster is full')
    if (error.code === 'BUSY') throw resourceConstraint('too many changes at once')
    if (error.code === 'NO_SUCH_USER') throw itemNotFound()
  }
  throw error
}

/**
 * A user's contacts by whatever address they are known, for those who keep a list without an XMPP
 * client. The list is the roster (RFC 6121 §2), so that there is one: a contact who is a user of the
 * system stands on it with his account, and is subscribed to where his presence is wanted.
 */
import { isDeepStrictEqual } from 'node:util'
import { compareText } from '../../util/compare-text.ts'
import { type BareJid, domainOf, parseJid } from '../address.ts'
import {
  type Contact,
  ContactError,
  type ContactPage,
  type ContactPeople,
  type ContactPlace,
  type ContactPut,
  REFUSALS,
  requireTexts,
} from './contact.ts'
import { newRosterItem, type RosterItem, sees, stateOf, stepped, watches } from './roster-item.ts'
import { outboundStep } from './subscription.ts'
import { SubscriptionError, type SubscriptionStore, type Subscriptions } from './subscriptions.ts'

export interface ContactsDeps {
  readonly store: Pick<SubscriptionStore, 'items' | 'update'>
  readonly people: ContactPeople
  readonly subscriptions: Subscriptions
}

export class Contacts {
  readonly #deps: ContactsDeps

  constructor(deps: ContactsDeps) {
    this.#deps = deps
  }

  /** Those after `after`, in the order of their addresses. */
  async list(
    account: BareJid,
    { after = '', limit }: { after?: string | undefined; limit: number },
  ): Promise<ContactPage> {
    const items = [...(await this.#deps.store.items(account)).values()].filter(inRoster)
    const page = items
      .filter(({ contact }) => contact > after)
      .sort((a, b) => compareText(a.contact, b.contact))
      .slice(0, limit)
    const contacts = await Promise.all(page.map((item) => this.describe(item)))
    return { contacts, total: items.length }
  }

  /**
   * Adds or changes the contact with an address of any form; answers when it and what follows of it
   * are stored. Throws `ContactError`.
   */
  async put(
    account: BareJid,
    address: string,
    given: ContactPut,
  ): Promise<{ outcome: 'created' | 'changed' | 'same'; contact: Contact }> {
    requireTexts(given)
    const { contact, place } = await this.#find(account, address)
    const before = await this.#item(account, contact)
    const known = before ?? (place && (await this.#item(account, place.contact)))
    const change = { ...given, presence: given.presence ?? (known ? undefined : true) }
    await this.#refusing(async () => {
      if (contact === place?.contact) await this.#putUnmatched(account, place, change)
      else await this.#putUser(account, contact, change, place?.contact)
    })
    const item = await this.#item(account, contact)
    if (!item) throw new ContactError('NO_SUCH_CONTACT', `${contact} was taken off the list`)
    const same = isDeepStrictEqual(before, item) ? 'same' : 'changed'
    return { outcome: before ? same : 'created', contact: await this.describe(item) }
  }

  /** How the one with an address of any form stands, or would stand, on the list. Throws `ContactError`. */
  async whom(account: BareJid, address: string): Promise<BareJid> {
    return (await this.#find(account, address)).contact
  }

  /** Ends, too, what binds the two (RFC 6121 §2.5.2). Throws `ContactError`. */
  async remove(account: BareJid, address: string): Promise<void> {
    const contact = await this.#requireListed(account, address)
    await this.#refusing(() => this.#deps.subscriptions.removeContact(account, contact))
  }

  /** Answers whether the contact, who was nobody, is a user now. Throws `ContactError`. */
  async match(account: BareJid, contact: BareJid): Promise<boolean> {
    const { store, people } = this.#deps
    const item = (await store.items(account)).get(contact)
    if (item?.awaits === undefined) return false
    const found = await people.resolve(item.awaits)
    if (found.kind !== 'user') return false
    const { name, groups, pendingOut } = item
    const known = (await this.#item(account, found.account)) !== undefined
    const given = { ...(!known && { name, groups }), ...(pendingOut && { presence: true }) }
    await this.#refusing(async () => {
      // The number was his own: it is no contact's.
      if (found.account === account) await this.#retire(account, contact)
      else await this.#putUser(account, found.account, given, contact)
    })
    return true
  }

  /** Who the contact is now. */
  async describe(item: RosterItem): Promise<Contact> {
    const { people } = this.#deps
    const external = !people.isLocal(domainOf(item.contact))
    const matched = !external && item.contact.includes('@') && (await people.exists(item.contact))
    return { item, matched, external }
  }

  // ——— whom an address means

  /** `place` where the address, were it nobody's, would stand. */
  async #find(
    account: BareJid,
    address: string,
  ): Promise<{ contact: BareJid; place: ContactPlace | undefined }> {
    const { people } = this.#deps
    const found = await people.resolve(address)
    const place = people.placeOf(address, account)
    switch (found.kind) {
      case 'user':
        if (found.account !== account) {
          const isAccount = place?.contact === found.account
          return { contact: found.account, place: isAccount ? undefined : place }
        }
        throw new ContactError('BAD_CONTACT', 'nobody is his own contact')
      case 'unknown':
        if (place) return { contact: place.contact, place }
        throw new ContactError('BAD_CONTACT', `${address} is nobody, and no address for a list`)
      case 'ambiguous':
        throw new ContactError('AMBIGUOUS_ADDRESS', `several users have the number ${address}`)
      case 'malformed':
        throw new ContactError('BAD_ADDRESS', `${address} is not an address`)
    }
  }

  /** As the list has it, or by any address of his. */
  async #requireListed(account: BareJid, address: string): Promise<BareJid> {
    const { store, people } = this.#deps
    const items = await store.items(account)
    const found = await people.resolve(address)
    const named = [
      parseJid(address)?.bare,
      people.placeOf(address, account)?.contact,
      found.kind === 'user' ? found.account : undefined,
    ]
    const listed = named.find((one) => one !== undefined && items.get(one)?.inRoster)
    if (listed !== undefined) return listed
    if (found.kind === 'ambiguous') {
      throw new ContactError('AMBIGUOUS_ADDRESS', `several users have the number ${address}`)
    }
    throw new ContactError('NO_SUCH_CONTACT', `${address} is not on the list`)
  }

  // ——— changes

  /** `alias`: as he may stand on the list from before he was known. */
  async #putUser(
    account: BareJid,
    contact: BareJid,
    given: ContactPut,
    alias: BareJid | undefined,
  ): Promise<void> {
    const known = alias === undefined ? undefined : await this.#item(account, alias)
    await this.#deps.store.update(account, contact, (item) =>
      same(item, described(item ?? { ...newRosterItem(contact), ...textsOf(known) }, given)),
    )
    await this.#follow(account, contact, given.presence ?? (known?.pendingOut || undefined))
    if (alias !== undefined && alias !== contact && known) await this.#retire(account, alias)
  }

  async #putUnmatched(account: BareJid, place: ContactPlace, given: ContactPut): Promise<void> {
    const { contact } = place
    await this.#deps.store.update(account, contact, (item) => {
      const named = described(item ?? newRosterItem(contact), given)
      if (sees(named)) return same(item, named)
      const waiting = { ...named, awaits: wider(item?.awaits, place.awaits) }
      if (!given.presence) return same(item, waiting)
      // Nobody can be asked yet; it is the user's word, for when somebody can.
      const step = outboundStep('subscribe', stateOf(waiting), waiting.approved)
      return same(item, stepped(waiting, contact, step))
    })
    if (given.presence === false) await this.#follow(account, contact, false)
  }

  async #follow(account: BareJid, contact: BareJid, presence: boolean | undefined): Promise<void> {
    const { subscriptions } = this.#deps
    const item = await this.#item(account, contact)
    if (!item) return
    if (presence === true && !sees(item)) await subscriptions.say(account, 'subscribe', contact)
    if (presence === false && (sees(item) || item.pendingOut)) {
      await subscriptions.say(account, 'unsubscribe', contact)
    }
  }

  /** Leaves what binds the contact to the user, if anything does. */
  async #retire(account: BareJid, contact: BareJid): Promise<void> {
    await this.#deps.store.update(account, contact, (item) => {
      if (!item || sees(item)) return same(item, item && { ...item, awaits: undefined })
      const step = outboundStep('unsubscribe', stateOf(item), item.approved)
      const rest = { ...item, awaits: undefined, inRoster: watches(item) || item.approved }
      return same(item, stepped(rest, contact, step))
    })
  }

  /** Throws `ContactError` for what lists and subscriptions refuse. */
  async #refusing(change: () => Promise<void>): Promise<void> {
    try {
      await change()
    } catch (error) {
      if (!(error instanceof SubscriptionError)) throw error
      throw new ContactError(REFUSALS[error.code], error.message)
    }
  }

  async #item(account: BareJid, contact: BareJid): Promise<RosterItem | undefined> {
    const item = (await this.#deps.store.items(account)).get(contact)
    return item?.inRoster ? item : undefined
  }
}

function inRoster(item: RosterItem): boolean {
  return item.inRoster
}

function textsOf(item: RosterItem | undefined): Partial<RosterItem> {
  return item ? { name: item.name, groups: item.groups } : {}
}

/** As a contact that is on the list, and is whom it says. */
function described(item: RosterItem, { name, groups }: ContactPut): RosterItem {
  const texts = { name: name ?? item.name, groups: groups ?? item.groups }
  return { ...item, ...texts, awaits: undefined, inRoster: true }
}

/** The object itself where nothing is different, so that nothing is stored. */
function same(item: RosterItem | undefined, next: RosterItem | undefined): RosterItem | undefined {
  return isDeepStrictEqual(item, next) ? item : next
}

/** A number is whoever has it in any domain; the contact stays as wide as he ever was. */
function wider(before: string | undefined, now: string): string {
  return before === undefined || !now.includes('@') ? now : before
}

/**
 * Every user's contacts, with the versions that roster versioning needs (RFC 6121 §2.6).
 * A change is read, decided and written in one transaction, so that two at once never undo each other;
 * those of one list take turns, so that they are told in the order in which they were made.
 */
import type { BareJid } from '../core/address.ts'
import type { RosterItem } from '../core/presence/roster-item.ts'
import type { Database, Queryable } from '../storage/database.ts'
import {
  countRosterItems,
  deleteRosterItem,
  findRosterItem,
  findRosterVersion,
  forgetRosterRemoval,
  listAllRosterAwaiting,
  listRosterAwaiting,
  listRosterItems,
  listRosterMentions,
  listRosterRemovals,
  listRosterRequests,
  nextRosterVersion,
  putRosterItem,
  rememberRosterRemoval,
} from '../storage/stores/rosters.ts'
import type { Log } from '../util/log.ts'
import { AccountQueue } from './account-queue.ts'
import { DirectoryError } from './errors.ts'
import { LoadingCache } from './loading-cache.ts'
import { parseRosterItem, serializeRosterItem } from './roster-item.ts'
import { Signal } from './signal.ts'

/** A snapshot: a later change makes a new one. */
export interface ContactList {
  /** Opaque, as a client gets and returns it; empty for a list that has never had a contact. */
  readonly version: string
  /** Requests that are not answered yet are among them, with `inRoster` false. */
  readonly items: ReadonlyMap<BareJid, RosterItem>
}

export interface ContactChange {
  /** The list's version now. Unchanged where nothing was. */
  readonly version: string
  readonly before: RosterItem | undefined
  readonly after: RosterItem | undefined
}

/** A change that is committed; `before` and `after` differ. */
export interface ContactEvent extends ContactChange {
  readonly account: BareJid
  readonly contact: BareJid
}

/** What a client that has a certain version is missing, oldest change first. */
export type ContactDelta =
  | { readonly kind: 'changes'; readonly version: string; readonly changes: readonly RosterPush[] }
  /** The version is unknown or too long ago: send the list. */
  | { readonly kind: 'too-old' }

/** `item` is absent where the contact is to be removed. */
export interface RosterPush {
  readonly contact: BareJid
  /** The list's version with this change and those before it. */
  readonly version: string
  readonly item: RosterItem | undefined
}

/** A list that lost a contact because the contact's account was removed. */
export interface AffectedList {
  readonly account: BareJid
  readonly version: string
  readonly removed: RosterItem
}

/** A contact, and whose he is. */
export interface ListedContact {
  readonly account: BareJid
  readonly contact: BareJid
}

export interface WaitingContact extends ListedContact {
  readonly awaits: string
}

export interface ContactListOptions {
  /** Contacts of one user, requests to him included. */
  readonly maxContacts: number
  /** Lists kept in memory. */
  readonly cachedLists: number
}

/** Of everybody who has none. */
const NO_ITEMS: ReadonlyMap<BareJid, RosterItem> = new Map()

const DEFAULTS: ContactListOptions = { maxContacts: 2_000, cachedLists: 5_000 }

export interface ContactListDeps {
  database: Database
  log: Log
}

export class ContactLists {
  readonly #database: Database
  readonly #maxContacts: number
  readonly #queue = new AccountQueue()
  readonly #changed: Signal<ContactEvent>
  readonly #cache: LoadingCache<BareJid, ContactList>

  constructor({ database, log }: ContactListDeps, options: Partial<ContactListOptions> = {}) {
    const { maxContacts, cachedLists } = { ...DEFAULTS, ...options }
    this.#database = database
    this.#changed = new Signal('contacts-changed', log)
    this.#maxContacts = maxContacts
    this.#cache = new LoadingCache(cachedLists, (account) => this.#load(account))
  }

  /**
   * Called after each commit, for each list in the order of its versions, and before the next change
   * of that list begins. Not for contacts that go with their account: see `Directory.onUserRemoved`.
   */
  onChange(listener: (event: ContactEvent) => void): Disposable {
    return this.#changed.listen(listener)
  }

  /** Empty for an account that does not exist. */
  get(account: BareJid): Promise<ContactList> {
    return this.#cache.get(account)
  }

  /** The list, where it is in memory: for those that cannot wait. */
  peek(account: BareJid): ContactList | undefined {
    return this.#cache.peek(account)?.value
  }

  async item(account: BareJid, contact: BareJid): Promise<RosterItem | undefined> {
    return (await this.get(account)).items.get(contact)
  }

  /** Accounts that somebody asked for a subscription, in order, until they answer. */
  async accountsWithRequests(): Promise<BareJid[]> {
    return (await listRosterRequests(this.#database.kysely)) as BareJid[]
  }

  /** Contacts of any list that wait for an address that the user has. */
  async awaiting(user: BareJid): Promise<ListedContact[]> {
    return (await listRosterAwaiting(this.#database.kysely, user)) as ListedContact[]
  }

  /** Those of all users, a page of them, in order. */
  async allAwaiting(after: WaitingContact | undefined, limit: number): Promise<WaitingContact[]> {
    const { kysely } = this.#database
    return (await listAllRosterAwaiting(kysely, { after, limit })) as WaitingContact[]
  }

  /**
   * Runs `task` while no change of the account's list is under way; it must make none itself.
   * Throws `DirectoryError` `BUSY`.
   */
  exclusive<T>(account: BareJid, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(account, task)
  }

  /** Answers the list's new version. Throws `DirectoryError` `TOO_MANY_CONTACTS`, `NO_SUCH_USER`, `BUSY`. */
  async put(account: BareJid, item: RosterItem): Promise<string> {
    return (await this.update(account, item.contact, () => item)).version
  }

  /** Answers the list's new version; removing what is not there changes nothing. */
  async remove(account: BareJid, contact: BareJid): Promise<string> {
    return (await this.update(account, contact, () => undefined)).version
  }

  /**
   * Replaces one contact by what `change` makes of it: `undefined` removes it, the same object leaves it.
   * `change` must be quick and pure: it may run more than once. `stored` is called, also where nothing
   * changed, when the change is in the database and before the listeners of `onChange` are.
   * Throws `DirectoryError` `TOO_MANY_CONTACTS`, `NO_SUCH_USER`, `BUSY`.
   */
  update(
    account: BareJid,
    contact: BareJid,
    change: (item: RosterItem | undefined) => RosterItem | undefined,
    stored?: (change: ContactChange) => void,
  ): Promise<ContactChange> {
    return this.#queue.run(account, async () => {
      const made = await this.#commit({ account, contact }, change)
      try {
        stored?.(made)
      } finally {
        if (made.before !== made.after) this.#changed.emit({ account, contact, ...made })
      }
      return made
    })
  }

  /** What changed after `version`; no changes where that is the list's version now. */
  async changesSince(account: BareJid, version: string): Promise<ContactDelta> {
    const { kysely } = this.#database
    // The version is read first: a change that comes between is told twice rather than never.
    const now = await findRosterVersion(kysely, account)
    const from = now && parseVersion(version, now.epoch)
    if (!now || from === undefined || from < now.deltas_from || from > now.version) {
      return { kind: 'too-old' }
    }
    const changes = [
      ...(await listRosterRemovals(kysely, account, from)).map((row) => ({ row, item: undefined })),
      ...(await listRosterItems(kysely, account))
        .filter((row) => row.version > from && row.in_roster === 1)
        .map((row) => ({ row, item: parseRosterItem(row) })),
    ]
    changes.sort((a, b) => a.row.version - b.row.version)
    return {
      kind: 'changes',
      version: formatVersion(now),
      changes: changes.map(({ row, item }) => ({
        contact: row.contact as BareJid,
        version: formatVersion({ epoch: now.epoch, version: row.version }),
        item,
      })),
    }
  }

  /** Part of removing a user: takes him off every list, within the transaction that removes him. */
  async forgetContact(trx: Queryable, contact: BareJid): Promise<AffectedList[]> {
    const affected: AffectedList[] = []
    for (const row of await listRosterMentions(trx, contact)) {
      const account = row.account as BareJid
      const version = await nextRosterVersion(trx, account)
      const removed = parseRosterItem(row)
      await removeItem(trx, { account, item: removed, version: version.version })
      affected.push({ account, version: formatVersion(version), removed })
    }
    return affected
  }

  /** Drops lists from memory after a change that did not go through this class. */
  invalidate(...accounts: readonly BareJid[]): void {
    for (const account of accounts) this.#cache.delete(account)
  }

  async #load(account: BareJid): Promise<ContactList> {
    const { kysely } = this.#database
    const version = await findRosterVersion(kysely, account)
    const rows = version ? await listRosterItems(kysely, account) : []
    const items = rows.map(parseRosterItem)
    return {
      version: version ? formatVersion(version) : '',
      items: items.length > 0 ? new Map(items.map((item) => [item.contact, item])) : NO_ITEMS,
    }
  }

  async #commit(
    list: { account: BareJid; contact: BareJid },
    change: (item: RosterItem | undefined) => RosterItem | undefined,
  ): Promise<ContactChange> {
    try {
      return await this.#database.transaction((trx) => this.#change(trx, list, change))
    } catch (error) {
      if (error instanceof Unchanged) return error.change
      throw error
    } finally {
      this.#cache.delete(list.account)
    }
  }

  async #change(
    trx: Queryable,
    { account, contact }: { account: BareJid; contact: BareJid },
    change: (item: RosterItem | undefined) => RosterItem | undefined,
  ): Promise<ContactChange> {
    const user = await trx
      .selectFrom('users')
      .select('account')
      .where('account', '=', account)
      .executeTakeFirst()
    if (!user) throw new DirectoryError('NO_SUCH_USER', `there is no user ${account}`)
    // First of all, for the lock; a change that turns out to be none gives the number back.
    const { version, epoch } = await nextRosterVersion(trx, account)
    const row = await findRosterItem(trx, account, contact)
    const before = row && parseRosterItem(row)
    const after = change(before)
    if (after === before) {
      const previous = version === 1 ? '' : formatVersion({ epoch, version: version - 1 })
      throw new Unchanged({ version: previous, before, after })
    }
    if (after) await this.#putItem(trx, { account, before, after, version })
    else if (before) await removeItem(trx, { account, item: before, version })
    return { version: formatVersion({ epoch, version }), before, after }
  }

  async #putItem(
    trx: Queryable,
    change: {
      account: BareJid
      before: RosterItem | undefined
      after: RosterItem
      version: number
    },
  ): Promise<void> {
    const { account, before, after, version } = change
    if (!before && (await countRosterItems(trx, account)) >= this.#maxContacts) {
      throw new DirectoryError('TOO_MANY_CONTACTS', `${account} has too many contacts`)
    }
    await putRosterItem(trx, serializeRosterItem(account, after, version))
    if (after.inRoster) await forgetRosterRemoval(trx, account, after.contact)
    // What stays behind is a request only: to clients the contact is gone.
    else if (before?.inRoster) {
      await rememberRosterRemoval(trx, { account, contact: after.contact, version })
    }
  }
}

/** Rolls the transaction back: a version number that told of nothing would make clients ask in vain. */
class Unchanged extends Error {
  readonly change: ContactChange

  constructor(change: ContactChange) {
    super('nothing changed')
    this.change = change
  }
}

async function removeItem(
  trx: Queryable,
  { account, item, version }: { account: BareJid; item: RosterItem; version: number },
): Promise<void> {
  await deleteRosterItem(trx, account, item.contact)
  if (item.inRoster) {
    await rememberRosterRemoval(trx, { account, contact: item.contact, version })
  }
}

function formatVersion({ epoch, version }: { epoch: string; version: number }): string {
  return `${epoch}-${version}`
}

function parseVersion(text: string, epoch: string): number | undefined {
  const digits = text.startsWith(`${epoch}-`) ? text.slice(epoch.length + 1) : ''
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
}

/** The database's stores in the shape that the core and the API declare for what they need. */

import type { Audit } from '../admin/audit.ts'
import type { AdministratorStore } from '../admin/sign-in.ts'
import { type BareJid, requireJid } from '../core/address.ts'
import type { OfflineStore } from '../core/messaging/mailbox.ts'
import type { InstantMessage, MessageType, Protocol } from '../core/messaging/message.ts'
import type { Accounts } from '../core/messaging/messaging.ts'
import type { Signals } from '../core/messaging/signals.ts'
import type { AccessLevel } from '../core/presence/access/access-level.ts'
import type { AccessStore, Grants } from '../core/presence/access/ports.ts'
import type { Action, Rule } from '../core/presence/access/rule.ts'
import type { ContactPeople } from '../core/presence/contact.ts'
import type { ManualState, ManualStateStore } from '../core/presence/manual-presence.ts'
import type { Activity, SourceClass } from '../core/presence/observation.ts'
import { isGrant } from '../core/presence/roster-item.ts'
import {
  SubscriptionError,
  type SubscriptionErrorCode,
  type SubscriptionPeople,
  type SubscriptionStore,
} from '../core/presence/subscriptions.ts'
import type { ContactList, ContactLists } from '../directory/contact-lists.ts'
import { contactPlace } from '../directory/contact-place.ts'
import type { Directory } from '../directory/directory.ts'
import { DirectoryError, type DirectoryErrorCode } from '../directory/errors.ts'
import type { Database, Queryable } from '../storage/database.ts'
import { AccessLevels, type StoredAccessLevel } from '../storage/stores/access-levels.ts'
import { AccessRules, type StoredAccessRule } from '../storage/stores/access-rules.ts'
import { Administrators } from '../storage/stores/administrators.ts'
import { AuditLog } from '../storage/stores/audit-log.ts'
import { type ManualStateRow, ManualStatesTable } from '../storage/stores/manual-states.ts'
import {
  type OfflineMessage,
  OfflineMessages,
  type StoredOfflineMessage,
} from '../storage/stores/offline-messages.ts'
import { getSetting, putSetting } from '../storage/stores/settings.ts'
import { type Clock, SystemClock } from '../util/clock.ts'

export function accounts(directory: Directory): Accounts {
  return {
    isLocal: (domain) => directory.isLocal(domain),
    exists: (account) => directory.exists(account),
    accountOf: async (address) => {
      const found = await directory.resolve(address)
      return found.kind === 'user' ? found.account : undefined
    },
  }
}

/** Messages that wait, as they are to go by e-mail. */
export interface MailForwarding {
  /** When this one is to go; `undefined` where it is not. */
  dueAt(account: BareJid, message: InstantMessage, now: number): number | undefined
  /** One that is due then has been kept. */
  wakeAt(account: BareJid, instant: number): void
}

/** Keeps up to `limit` messages for each account. */
export async function offlineStore(
  db: Queryable,
  limit: number,
  mail?: MailForwarding,
): Promise<OfflineStore> {
  const messages = new OfflineMessages(db)
  // Everybody asks when he signs in, and nearly nobody has any: this process knows who may have, by
  // the last that was kept for him.
  const waiting = new Map((await messages.accounts()).map((account) => [account, 0]))
  let last = 0
  return {
    add: async (account, message, storedAt) => {
      const mailAt = mail?.dueAt(account, message, storedAt)
      const kept = serializeMessage(message, storedAt, mailAt)
      const result = await messages.add(account, kept, limit)
      last += 1
      waiting.set(account, last)
      if (mailAt !== undefined && result === 'stored') mail?.wakeAt(account, mailAt)
      return result
    },
    list: async (account, after, limit) => {
      const newest = waiting.get(account)
      if (newest === undefined) return []
      const rows = await messages.list(account, { after, limit })
      // One that was kept while we looked is not in what we saw.
      const isEmpty = rows.length === 0 && after === 0 && waiting.get(account) === newest
      if (isEmpty) waiting.delete(account)
      return rows.map((row) => ({ id: row.id, message: parseMessage(row) }))
    },
    get: async (account, ids) => {
      const rows = await messages.get(account, ids)
      return rows.map((row) => ({ id: row.id, message: parseMessage(row) }))
    },
    count: (account) => messages.count(account),
    remove: (account, ids) => messages.remove(account, ids),
    clear: (account) => messages.clear(account),
  }
}

function serializeMessage(
  message: InstantMessage,
  storedAt: number,
  mailAt: number | undefined,
): OfflineMessage {
  const { from, to, type, id, thread, subject, body, origin, stableId, expiresAt } = message
  const { signals } = message
  return {
    ...{
      type,
      messageId: id,
      thread,
      subject,
      body,
      origin,
      storedAt,
      stableId,
      expiresAt,
      mailAt,
    },
    sender: from.full,
    recipient: to.full,
    native: message.native(),
    signals: signals && JSON.stringify(signals),
  }
}

/** As it was kept. */
export function parseMessage(row: StoredOfflineMessage): InstantMessage {
  return {
    from: requireJid(row.sender),
    to: requireJid(row.recipient),
    type: row.type as MessageType,
    id: row.messageId,
    thread: row.thread,
    subject: row.subject,
    body: row.body,
    origin: row.origin as Protocol,
    delayedSince: row.storedAt,
    storable: true,
    stableId: row.stableId,
    expiresAt: row.expiresAt,
    signals: row.signals === undefined ? undefined : parseSignals(row.signals),
    native: () => row.native,
  }
}

/** As `serializeMessage` wrote them. */
function parseSignals(text: string): Signals {
  return JSON.parse(text) as Signals
}

const ROLE = 'administrator'

export function administratorStore(db: Queryable, clock: Clock): AdministratorStore {
  const administrators = new Administrators(db)
  return {
    get: (name) => administrators.get(name),
    put: async ({ name, passwordHash }) => {
      const added = { name, passwordHash, role: ROLE, createdAt: clock.now() }
      if (!(await administrators.add(added))) await administrators.setPassword(name, passwordHash)
    },
    count: async () => (await administrators.list()).length,
  }
}

export function audit(db: Queryable, clock: Clock): Audit {
  const log = new AuditLog(db)
  return {
    append: (entry) => log.append({ ...entry, at: clock.now(), detail: {} }),
    list: (page) => log.page(page),
  }
}

export function manualStateStore(db: Queryable): ManualStateStore {
  const table = new ManualStatesTable(db)
  return {
    all: async () => (await table.all()).map(parseManualState),
    put: ({ account, state, note = null, since, until = null, clear }) =>
      table.put({ account, state, note, since, until, clear }),
    remove: (account) => table.remove(account),
  }
}

function parseManualState(row: ManualStateRow): ManualState {
  const { account, state, note, since, until, clear } = row
  return {
    account: requireJid(account).bare,
    state: state as Activity,
    note: note ?? undefined,
    since,
    until: until ?? undefined,
    clear: clear === 'sign-in' ? clear : 'never',
  }
}

const CROSS_DOMAIN = 'access.crossDomain'

export function accessStore(database: Database, clock: Clock = new SystemClock()): AccessStore {
  const { kysely } = database
  const levels = new AccessLevels(kysely)
  return {
    load: async () => ({
      levels: (await levels.all()).map(parseLevel),
      rules: (await new AccessRules(kysely).all()).map(parseRule),
    }),
    putLevel: (level) => levels.put(level),
    removeLevel: async (name) => {
      await levels.remove(name)
    },
    changeRules: ({ remove, put }) =>
      database.transaction(async (trx) => {
        const rules = new AccessRules(trx)
        await rules.removeAll(remove)
        await rules.put(put)
      }),
    crossDomain: async () => {
      const value = await getSetting(kysely, CROSS_DOMAIN)
      return typeof value === 'boolean' ? value : undefined
    },
    setCrossDomain: (value) => putSetting(kysely, CROSS_DOMAIN, { value, now: clock.now() }),
  }
}

function parseLevel({ classes, ...same }: StoredAccessLevel): AccessLevel {
  return { ...same, classes: classes as SourceClass[] }
}

function parseRule({ action, ...same }: StoredAccessRule): Rule {
  return { ...same, action: action as Action }
}

/** What contact lists say; at once where the list is in memory. */
export function grants(contacts: ContactLists): Grants {
  const isGranted = (list: ContactList, watcher: string) =>
    isGrant(list.items.get(watcher as BareJid))
  return {
    isGranted: (presentity, watcher) => {
      const list = contacts.peek(presentity)
      if (list) return isGranted(list, watcher)
      return contacts.get(presentity).then((loaded) => isGranted(loaded, watcher))
    },
  }
}

const REFUSALS: Partial<Record<DirectoryErrorCode, SubscriptionErrorCode>> = {
  TOO_MANY_CONTACTS: 'list-full',
  BUSY: 'busy',
  NO_SUCH_USER: 'no-such-user',
}

/** The contact lists as subscriptions see them. */
export function subscriptionStore(contacts: ContactLists): SubscriptionStore {
  return {
    items: async (account) => (await contacts.get(account)).items,
    update: async (account, contact, change, stored) => {
      try {
        return await contacts.update(account, contact, change, stored)
      } catch (error) {
        const code = error instanceof DirectoryError ? REFUSALS[error.code] : undefined
        throw code && error instanceof Error ? new SubscriptionError(code, error.message) : error
      }
    },
    accountsWithRequests: () => contacts.accountsWithRequests(),
  }
}

export function subscriptionPeople(directory: Directory): SubscriptionPeople {
  const { isLocal, exists, accountOf } = accounts(directory)
  return { isLocal, exists, accountOf }
}

export function contactPeople(directory: Directory): ContactPeople {
  const isLocal = (domain: string) => directory.isLocal(domain)
  return {
    isLocal,
    exists: (account) => directory.exists(account),
    resolve: (address) => directory.resolve(address),
    placeOf: (address, owner) => contactPlace({ isLocal }, address, owner),
  }
}

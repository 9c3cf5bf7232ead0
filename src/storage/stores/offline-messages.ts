/** Messages for users who are not signed in (XEP-0160 §3): kept in order, handed over, removed. */
import { type Selectable, sql } from 'kysely'
import type { Queryable } from '../database.ts'
import type { OfflineMessagesTable } from '../schema/offline-messages.ts'

/** The core's `InstantMessage`, written down. Addresses are full or bare JIDs. */
export interface OfflineMessage {
  readonly sender: string
  readonly recipient: string
  readonly type: string
  /** The sender's id of the message. */
  readonly messageId: string | undefined
  readonly thread: string | undefined
  readonly subject: string | undefined
  readonly body: string | undefined
  /** The protocol it came in by, in whose words `native` is. */
  readonly origin: string
  readonly native: string | undefined
  /** What it says beside its text, as JSON. */
  readonly signals?: string | undefined
  /** Milliseconds since the epoch, as all times here. */
  readonly storedAt: number
  /** By which the account knows it. */
  readonly stableId?: string | undefined
  /** It is not delivered after that. */
  readonly expiresAt?: number | undefined
  /** When it is to go by e-mail; `undefined` where it is not. */
  readonly mailAt?: number | undefined
}

export interface StoredOfflineMessage extends OfflineMessage {
  /** The key for `remove`. */
  readonly id: number
}

export class OfflineMessages {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  /** Keeps the message unless `limit` are kept for the account. Rejects where the account does not exist. */
  async add(account: string, message: OfflineMessage, limit: number): Promise<'stored' | 'full'> {
    const row = serializeMessage(account, message)
    const { ref, table } = sql
    const columns = Object.keys(row).map((column) => ref(column))
    // One statement, so that counting and adding are one step and share a commit with others.
    const { numAffectedRows } = await sql`
      insert into ${table('offline_messages')} (${sql.join(columns)})
      select ${sql.join(Object.entries(row).map(typed))}
      where (select count(*) from offline_messages where account = ${account}) < ${limit}
    `.execute(this.#db)
    return numAffectedRows === 1n ? 'stored' : 'full'
  }

  /** Those that something is kept for. */
  async accounts(): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('offline_messages')
      .select('account')
      .distinct()
      .execute()
    return rows.map(({ account }) => account)
  }

  /** In order of arrival; the next page comes after the last `id` of this one. */
  async list(account: string, { after = 0, limit = 1_000 } = {}): Promise<StoredOfflineMessage[]> {
    const rows = await this.#db
      .selectFrom('offline_messages')
      .selectAll()
      .where('account', '=', account)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(parseMessage)
  }

  /** Those of them that are kept for the account, in order of arrival. */
  async get(account: string, ids: readonly number[]): Promise<StoredOfflineMessage[]> {
    const found: StoredOfflineMessage[] = []
    for (const some of portions(ids)) {
      const rows = await this.#db
        .selectFrom('offline_messages')
        .selectAll()
        .where('account', '=', account)
        .where('id', 'in', some)
        .execute()
      found.push(...rows.map(parseMessage))
    }
    return found.sort((one, other) => one.id - other.id)
  }

  async count(account: string): Promise<number> {
    const { count } = await this.#db
      .selectFrom('offline_messages')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('account', '=', account)
      .executeTakeFirstOrThrow()
    return count
  }

  async remove(account: string, ids: readonly number[]): Promise<void> {
    for (const some of portions(ids)) {
      await this.#db
        .deleteFrom('offline_messages')
        .where('account', '=', account)
        .where('id', 'in', some)
        .execute()
    }
  }

  /** Everything that is kept for the account. */
  async clear(account: string): Promise<void> {
    await this.#db.deleteFrom('offline_messages').where('account', '=', account).execute()
  }

  /** Forgets what was kept before this instant; answers how many. */
  async removeOlderThan(instant: number): Promise<number> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('offline_messages')
      .where('stored_at', '<', instant)
      .executeTakeFirst()
    return Number(numDeletedRows)
  }
}

/** Databases limit the parameters of one statement. */
const AT_ONCE = 500

function portions(ids: readonly number[]): (readonly number[])[] {
  const count = Math.ceil(ids.length / AT_ONCE)
  return Array.from({ length: count }, (_, at) => ids.slice(at * AT_ONCE, (at + 1) * AT_ONCE))
}

/** In a `select` without a table PostgreSQL has no column to tell it a parameter's type. */
function typed([column, value]: [string, string | number | null]) {
  return column.endsWith('_at') ? sql`cast(${value} as bigint)` : sql`cast(${value} as text)`
}

function serializeMessage(account: string, message: OfflineMessage) {
  return {
    account,
    sender: message.sender,
    recipient: message.recipient,
    type: message.type,
    message_id: message.messageId ?? null,
    thread: message.thread ?? null,
    subject: message.subject ?? null,
    body: message.body ?? null,
    origin: message.origin,
    native: message.native ?? null,
    signals: message.signals ?? null,
    stored_at: message.storedAt,
    stable_id: message.stableId ?? null,
    expires_at: message.expiresAt ?? null,
    mail_at: message.mailAt ?? null,
  }
}

export function parseMessage(row: Selectable<OfflineMessagesTable>): StoredOfflineMessage {
  return {
    id: row.id,
    sender: row.sender,
    recipient: row.recipient,
    type: row.type,
    messageId: row.message_id ?? undefined,
    thread: row.thread ?? undefined,
    subject: row.subject ?? undefined,
    body: row.body ?? undefined,
    origin: row.origin,
    native: row.native ?? undefined,
    signals: row.signals ?? undefined,
    storedAt: row.stored_at,
    stableId: row.stable_id ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    mailAt: row.mail_at ?? undefined,
  }
}

/** Messages that wait (`offline_messages`) and are to go by e-mail, domain by domain. */
import type { Queryable } from '../database.ts'
import { parseMessage, type StoredOfflineMessage } from './offline-messages.ts'

export interface DueMail extends StoredOfflineMessage {
  readonly account: string
  /** How often it was tried before. */
  readonly tries: number
}

export class OfflineMail {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  /** Those of the domain's users that are due by then, the longest due first. */
  async due(domain: string, now: number, limit: number): Promise<DueMail[]> {
    const rows = await this.#db
      .selectFrom('offline_messages')
      .innerJoin('users', 'users.account', 'offline_messages.account')
      .selectAll('offline_messages')
      .where('users.domain', '=', domain)
      .where('mail_at', '<=', now)
      .orderBy('mail_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map((row) => ({
      ...parseMessage(row),
      account: row.account,
      tries: row.mail_tries,
    }))
  }

  /** Which of the messages still wait. */
  async present(ids: readonly number[]): Promise<ReadonlySet<number>> {
    if (ids.length === 0) return new Set()
    const rows = await this.#db
      .selectFrom('offline_messages')
      .select('id')
      .where('id', 'in', [...ids])
      .execute()
    return new Set(rows.map(({ id }) => id))
  }

  /** When the next of the domain's users' is due. */
  async nextDue(domain: string): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('offline_messages')
      .innerJoin('users', 'users.account', 'offline_messages.account')
      .select('mail_at')
      .where('users.domain', '=', domain)
      .where('mail_at', 'is not', null)
      .orderBy('mail_at')
      .limit(1)
      .executeTakeFirst()
    return row?.mail_at ?? undefined
  }

  /** The messages are due at that instant, or not any more where it is `undefined`. */
  async put(ids: readonly number[], next: { at: number | undefined; tries?: number }) {
    if (ids.length === 0) return
    await this.#db
      .updateTable('offline_messages')
      .set({
        mail_at: next.at ?? null,
        ...(next.tries !== undefined && { mail_tries: next.tries }),
      })
      .where('id', 'in', [...ids])
      .execute()
  }

  async remove(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    await this.#db
      .deleteFrom('offline_messages')
      .where('id', 'in', [...ids])
      .execute()
  }
}

/** When users were last there (`last_activity`). */
import { sql } from 'kysely'
import type { Queryable } from '../database.ts'

export interface LastActivityRow {
  readonly account: string
  /** Milliseconds since the epoch. */
  readonly leftAt: number
  readonly status: string
}

export class LastActivityRows {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  async get(account: string): Promise<LastActivityRow | undefined> {
    const row = await this.#db
      .selectFrom('last_activity')
      .selectAll()
      .where('account', '=', account)
      .executeTakeFirst()
    return row && { account, leftAt: Number(row.left_at), status: row.status }
  }

  /** Those of accounts that do not exist are left out. A thousand at a time at most. */
  async putAll(rows: readonly LastActivityRow[]): Promise<void> {
    const values = rows.map(
      ({ account, leftAt, status }) => sql`(${account}, cast(${leftAt} as bigint), ${status})`,
    )
    await sql`
      with gone (account, left_at, status) as (values ${sql.join(values)})
      insert into last_activity (account, left_at, status)
      select gone.account, gone.left_at, gone.status
      from gone join users on users.account = gone.account
      where true
      on conflict (account) do update set left_at = excluded.left_at, status = excluded.status
    `.execute(this.#db)
  }
}

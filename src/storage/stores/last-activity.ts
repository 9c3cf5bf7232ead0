/** When users were last there (`last_activity`). */
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

  /** Rejects where the account does not exist. */
  async put({ account, leftAt, status }: LastActivityRow): Promise<void> {
    const row = { left_at: leftAt, status }
    await this.#db
      .insertInto('last_activity')
      .values({ account, ...row })
      .onConflict((conflict) => conflict.column('account').doUpdateSet(row))
      .execute()
  }
}

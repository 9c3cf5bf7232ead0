/** What administrators have the server tell its users (`notices`), and who knows it (`notices_seen`). */
import type { Queryable } from '../database.ts'
import type { NoticesTable } from '../schema/notices.ts'

export type NoticeRow = Readonly<NoticesTable>

export class NoticeRows {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  all(): Promise<NoticeRow[]> {
    return this.#db.selectFrom('notices').selectAll().orderBy('domain').orderBy('kind').execute()
  }

  async put(row: NoticeRow): Promise<void> {
    const { id, text } = row
    await this.#db
      .insertInto('notices')
      .values(row)
      .onConflict((conflict) => conflict.columns(['domain', 'kind']).doUpdateSet({ id, text }))
      .execute()
  }

  async remove(domain: string, kind: string): Promise<void> {
    await this.#db
      .deleteFrom('notices')
      .where('domain', '=', domain)
      .where('kind', '=', kind)
      .execute()
  }

  /** False where the account knew it already. */
  async see(account: string, id: string): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('notices_seen')
      .values({ account, id })
      .onConflict((conflict) =>
        conflict.column('account').doUpdateSet({ id }).where('notices_seen.id', '!=', id),
      )
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }
}

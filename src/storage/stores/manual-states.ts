/** Presence states set by hand (`presence_manual`), one for each account. */
import type { Queryable } from '../database.ts'

export interface ManualStateRow {
  readonly account: string
  readonly state: string
  readonly note: string | null
  readonly since: number
  readonly until: number | null
  /** `never` or `sign-in`. */
  readonly clear: string
}

export class ManualStatesTable {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  all(): Promise<ManualStateRow[]> {
    return this.#db.selectFrom('presence_manual').selectAll().orderBy('account').execute()
  }

  async put(row: ManualStateRow): Promise<void> {
    const { account, ...state } = row
    await this.#db
      .insertInto('presence_manual')
      .values(row)
      .onConflict((conflict) => conflict.column('account').doUpdateSet(state))
      .execute()
  }

  async remove(account: string): Promise<void> {
    await this.#db.deleteFrom('presence_manual').where('account', '=', account).execute()
  }
}

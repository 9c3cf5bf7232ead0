/** XML that users keep with the server (`personal_data`). */
import type { Queryable } from '../database.ts'

export interface PersonalKey {
  readonly account: string
  readonly kind: 'vcard' | 'private'
  readonly name: string
}

export class PersonalDataRows {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  async get({ account, kind, name }: PersonalKey): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('personal_data')
      .select('xml')
      .where('account', '=', account)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .executeTakeFirst()
    return row?.xml
  }

  /** In order of their names. */
  async all({ account, kind }: Omit<PersonalKey, 'name'>): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('personal_data')
      .select('xml')
      .where('account', '=', account)
      .where('kind', '=', kind)
      .orderBy('name')
      .execute()
    return rows.map(({ xml }) => xml)
  }

  /** How many others of its kind there are, and how large they are together. */
  async others({ account, kind, name }: PersonalKey): Promise<{ count: number; bytes: number }> {
    const row = await this.#db
      .selectFrom('personal_data')
      .select(({ fn }) => [
        fn.countAll().as('count'),
        fn.sum(fn<number>('octet_length', ['xml'])).as('bytes'),
      ])
      .where('account', '=', account)
      .where('kind', '=', kind)
      .where('name', '!=', name)
      .executeTakeFirst()
    return { count: Number(row?.count ?? 0), bytes: Number(row?.bytes ?? 0) }
  }

  /** Rejects where the account does not exist. */
  async put({ account, kind, name }: PersonalKey, xml: string): Promise<void> {
    await this.#db
      .insertInto('personal_data')
      .values({ account, kind, name, xml })
      .onConflict((conflict) => conflict.columns(['account', 'kind', 'name']).doUpdateSet({ xml }))
      .execute()
  }

  async remove({ account, kind, name }: PersonalKey): Promise<void> {
    await this.#db
      .deleteFrom('personal_data')
      .where('account', '=', account)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .execute()
  }
}

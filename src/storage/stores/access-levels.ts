/** Named sets of source classes (`access_levels`). */
import type { Queryable } from '../database.ts'
import { flag } from '../schema/columns.ts'

export interface StoredAccessLevel {
  readonly name: string
  readonly classes: readonly string[]
  readonly inverted: boolean
}

export class AccessLevels {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  /** In order of name, by bytes. */
  async all(): Promise<StoredAccessLevel[]> {
    const rows = await this.#db.selectFrom('access_levels').selectAll().orderBy('name').execute()
    return rows.map(({ name, classes, inverted }) => ({
      name,
      classes: JSON.parse(classes) as string[],
      inverted: inverted === 1,
    }))
  }

  /** Writes or overwrites the level of this name. */
  async put({ name, classes, inverted }: StoredAccessLevel): Promise<void> {
    const row = { classes: JSON.stringify(classes), inverted: flag(inverted) }
    await this.#db
      .insertInto('access_levels')
      .values({ name, ...row })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
      .execute()
  }

  /** False where there is none of this name. */
  async remove(name: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('access_levels')
      .where('name', '=', name)
      .executeTakeFirst()
    return numDeletedRows === 1n
  }
}

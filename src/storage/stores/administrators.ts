/** Those who may sign in to the API and the console. Hashing and checking passwords is the API's business. */
import type { Queryable } from '../database.ts'
import type { AdministratorsTable } from '../schema/administrators.ts'

export interface Administrator {
  readonly name: string
  readonly passwordHash: string
  readonly role: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly lastSignInAt: number | undefined
}

export class Administrators {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  async get(name: string): Promise<Administrator | undefined> {
    const row = await this.#db
      .selectFrom('administrators')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst()
    return row && parseAdministrator(row)
  }

  /** In order of name. */
  async list(): Promise<Administrator[]> {
    const rows = await this.#db.selectFrom('administrators').selectAll().orderBy('name').execute()
    return rows.map(parseAdministrator)
  }

  /** False where the name is taken. */
  async add(administrator: Omit<Administrator, 'lastSignInAt'>): Promise<boolean> {
    const { name, passwordHash, role, createdAt } = administrator
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('administrators')
      .values({
        name,
        password_hash: passwordHash,
        role,
        created_at: createdAt,
        last_sign_in_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }

  /** False where there is no such administrator. */
  async setPassword(name: string, passwordHash: string): Promise<boolean> {
    return this.#update(name, { password_hash: passwordHash })
  }

  /** False where there is no such administrator. */
  async signedIn(name: string, at: number): Promise<boolean> {
    return this.#update(name, { last_sign_in_at: at })
  }

  /** False where there is no such administrator. */
  async remove(name: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('administrators')
      .where('name', '=', name)
      .executeTakeFirst()
    return numDeletedRows === 1n
  }

  async #update(name: string, changes: Partial<AdministratorsTable>): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('administrators')
      .set(changes)
      .where('name', '=', name)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }
}

function parseAdministrator(row: AdministratorsTable): Administrator {
  return {
    name: row.name,
    passwordHash: row.password_hash,
    role: row.role,
    createdAt: row.created_at,
    lastSignInAt: row.last_sign_in_at ?? undefined,
  }
}

/** Invitations (`invitations`). */
import type { Database } from '../database.ts'
import type { InvitationsTable } from '../schema/invitations.ts'

export type InvitationRow = Readonly<InvitationsTable>

export class InvitationRows {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** False, and nothing is kept, where the inviter has `max` that are still good. */
  add(row: InvitationRow, { max, now }: { max: number; now: number }): Promise<boolean> {
    return this.#database.transaction(async (trx) => {
      await trx.deleteFrom('invitations').where('expires_at', '<=', now).execute()
      const { count } = await trx
        .selectFrom('invitations')
        .select((select) => select.fn.countAll<number | string>().as('count'))
        .where('inviter', '=', row.inviter)
        .executeTakeFirstOrThrow()
      if (Number(count) >= max) return false
      await trx.insertInto('invitations').values(row).execute()
      return true
    })
  }

  find(tokenHash: string): Promise<InvitationRow | undefined> {
    return this.#database.kysely
      .selectFrom('invitations')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst()
  }

  /** Promised to somebody who has not come yet. */
  async isReserved(account: string, now: number): Promise<boolean> {
    const row = await this.#database.kysely
      .selectFrom('invitations')
      .select('token_hash')
      .where('account', '=', account)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    return row !== undefined
  }

  /** False where it was not there any more: somebody else has it. */
  async take(tokenHash: string): Promise<boolean> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom('invitations')
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst()
    return numDeletedRows === 1n
  }

  /** What was taken in vain. */
  async putBack(row: InvitationRow): Promise<void> {
    await this.#database.kysely.insertInto('invitations').values(row).execute()
  }
}

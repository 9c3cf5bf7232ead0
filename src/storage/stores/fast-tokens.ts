/** Tokens that clients sign in with (`fast_tokens`), two at most for each client. */
import type { Database, Queryable } from '../database.ts'
import type { FastTokensTable } from '../schema/fast-tokens.ts'

export type FastTokenRow = Readonly<FastTokensTable>
type Holder = Pick<FastTokenRow, 'account' | 'client'>

export class FastTokenRows {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** None where the account is disabled. */
  find({ account, client }: Holder): Promise<FastTokenRow[]> {
    return this.#database.kysely
      .selectFrom('fast_tokens')
      .innerJoin('users', 'users.account', 'fast_tokens.account')
      .selectAll('fast_tokens')
      .where('fast_tokens.account', '=', account)
      .where('client', '=', client)
      .where('users.disabled', '=', 0)
      .execute()
  }

  /** All of an account, in order of clients. */
  list(account: string): Promise<FastTokenRow[]> {
    return this.#database.kysely
      .selectFrom('fast_tokens')
      .selectAll()
      .where('account', '=', account)
      .orderBy('client')
      .orderBy('slot')
      .execute()
  }

  /** Rejects where the account does not exist. */
  put(row: FastTokenRow, maxClients: number): Promise<void> {
    const { account, client, slot, ...rest } = row
    return this.#database.transaction(async (trx) => {
      await trx
        .insertInto('fast_tokens')
        .values({ account, client, slot, ...rest })
        .onConflict((conflict) => conflict.columns(['account', 'client', 'slot']).doUpdateSet(rest))
        .execute()
      await removeSurplus(trx, account, maxClients)
    })
  }

  /**
   * Makes it the current one of its client, with this count where there is one. False where it is not there any
   * more, or has that count or a higher one.
   */
  use(
    row: FastTokenRow,
    { at, count }: { at: number; count: number | undefined },
  ): Promise<boolean> {
    const { account, client, slot, seed } = row
    return this.#database.transaction(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('fast_tokens')
        .set({ used_at: at, ...(count !== undefined && { count }) })
        .where('account', '=', account)
        .where('client', '=', client)
        .where('seed', '=', seed)
        .$if(count !== undefined, (query) => query.where('count', '<', count ?? 0))
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return false
      if (slot === 'new') await promote(trx, row)
      return true
    })
  }

  /** False where there was none. */
  async remove({ account, client }: Holder): Promise<boolean> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom('fast_tokens')
      .where('account', '=', account)
      .where('client', '=', client)
      .executeTakeFirst()
    return numDeletedRows > 0n
  }

  /** Those that ended before this instant; answers how many. */
  async removeExpired(instant: number): Promise<number> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom('fast_tokens')
      .where('expires_at', '<=', instant)
      .executeTakeFirst()
    return Number(numDeletedRows)
  }
}

/** For all clients of the account; answers how many tokens there were. */
export async function removeFastTokens(db: Queryable, account: string): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('fast_tokens')
    .where('account', '=', account)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

async function promote(trx: Queryable, { account, client, seed }: FastTokenRow): Promise<void> {
  await trx
    .deleteFrom('fast_tokens')
    .where('account', '=', account)
    .where('client', '=', client)
    .where('slot', '=', 'current')
    .execute()
  await trx
    .updateTable('fast_tokens')
    .set({ slot: 'current' })
    .where('account', '=', account)
    .where('client', '=', client)
    .where('seed', '=', seed)
    .execute()
}

/** Clients that were not used for longest lose theirs. */
async function removeSurplus(trx: Queryable, account: string, maxClients: number): Promise<void> {
  const surplus = await trx
    .selectFrom('fast_tokens')
    .select('client')
    .where('account', '=', account)
    .groupBy('client')
    .orderBy((order) => order.fn.max('used_at'), 'desc')
    .limit(1_000)
    .offset(maxClients)
    .execute()
  if (surplus.length === 0) return
  await trx
    .deleteFrom('fast_tokens')
    .where('account', '=', account)
    .where(
      'client',
      'in',
      surplus.map(({ client }) => client),
    )
    .execute()
}

import { sql } from 'kysely'
import type { Queryable } from '../database.ts'

export interface StoredAddress {
  type: string
  value: string
  handle: string
}

export interface StoredHandle {
  handle: string
  account: string
  number: string | null
}

export function listAddresses(db: Queryable, account: string): Promise<StoredAddress[]> {
  return db
    .selectFrom('addresses')
    .select(['type', 'value', 'handle'])
    .where('account', '=', account)
    .orderBy('id')
    .execute()
}

/** Accounts that have an address of one of these types whose handle ends in `@domain`, in order. */
export async function listAccountsWithAddressIn(
  db: Queryable,
  domain: string,
  types: readonly string[],
): Promise<string[]> {
  // To the letter as in the index `addresses_by_domain`.
  const domainPart = sql<string>`substr(handle, length(rtrim(handle, replace(handle, '@', ''))) + 1)`
  const rows = await db
    .selectFrom('addresses')
    .select('account')
    .distinct()
    .where(domainPart, '=', domain)
    .where('type', 'in', types)
    .orderBy('account')
    .execute()
  return rows.map((row) => row.account)
}

/** False where the user has this address already. */
export async function insertAddress(
  db: Queryable,
  account: string,
  address: StoredAddress,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('addresses')
    .values({ account, ...address })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** False where the user has no such address. */
export async function deleteAddress(
  db: Queryable,
  account: string,
  { type, handle }: { type: string; handle: string },
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('addresses')
    .where('account', '=', account)
    .where('type', '=', type)
    .where('handle', '=', handle)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

/** Gives the handle to the account unless somebody has it; answers who has it now. */
export async function claimHandle(db: Queryable, handle: StoredHandle): Promise<string> {
  await db
    .insertInto('handles')
    .values(handle)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return (await findHandle(db, handle.handle)) ?? handle.account
}

/** Gives up a handle, unless it is the account itself or another of the user's addresses. */
export async function releaseHandle(db: Queryable, account: string, handle: string): Promise<void> {
  if (account === handle) return
  await db
    .deleteFrom('handles')
    .where('handle', '=', handle)
    .where('account', '=', account)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('addresses')
            .select('id')
            .where('account', '=', account)
            .where('handle', '=', handle),
        ),
      ),
    )
    .execute()
}

export async function findHandle(db: Queryable, handle: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('handles')
    .select('account')
    .where('handle', '=', handle)
    .executeTakeFirst()
  return row?.account
}

/** Up to two accounts that have one of these numbers: two are as many as it takes to be ambiguous. */
export async function findNumbers(db: Queryable, numbers: string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('handles')
    .select('account')
    .distinct()
    .where('number', 'in', numbers)
    .orderBy('account')
    .limit(2)
    .execute()
  return rows.map((row) => row.account)
}

import type { Queryable } from '../database.ts'
import type { Flag } from '../schema/columns.ts'
import type { UsersTable } from '../schema/users.ts'
import { AccessRules } from './access-rules.ts'

export function findUser(db: Queryable, account: string): Promise<UsersTable | undefined> {
  return db.selectFrom('users').selectAll().where('account', '=', account).executeTakeFirst()
}

export interface UserPage {
  domain?: string | undefined
  /** Only accounts that come after this one. */
  after?: string | undefined
  limit: number
}

/** In order of account, by bytes. */
export function listUsers(
  db: Queryable,
  { domain, after, limit }: UserPage,
): Promise<UsersTable[]> {
  return db
    .selectFrom('users')
    .selectAll()
    .$if(domain !== undefined, (query) => query.where('domain', '=', domain ?? ''))
    .$if(after !== undefined, (query) => query.where('account', '>', after ?? ''))
    .orderBy('account')
    .limit(limit)
    .execute()
}

export async function countUsers(db: Queryable): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** False where the account is there already. */
export async function insertUser(db: Queryable, user: UsersTable): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('users')
    .values(user)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** False where there is no such account. */
export async function updateUser(
  db: Queryable,
  account: string,
  changes: { name?: string; disabled?: Flag; avatar?: string | null },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set(changes)
    .where('account', '=', account)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Takes with it all that refers to the account: SIP subscriptions to it and access rules about it, too. False where there is none. */
export async function deleteUser(db: Queryable, account: string): Promise<boolean> {
  await db.deleteFrom('sip_subscriptions').where('presentity', '=', account).execute()
  await new AccessRules(db).removeAbout(account)
  const { numDeletedRows } = await db
    .deleteFrom('users')
    .where('account', '=', account)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

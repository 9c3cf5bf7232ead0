/** Values that the program keeps for itself, as JSON. */
import type { Queryable } from '../database.ts'

export async function getSetting(db: Queryable, key: string): Promise<unknown> {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirst()
  return row && JSON.parse(row.value)
}

/** `value` must survive JSON. */
export async function putSetting(
  db: Queryable,
  key: string,
  { value, now }: { value: unknown; now: number },
): Promise<void> {
  const row = { value: JSON.stringify(value), updated_at: now }
  await db
    .insertInto('settings')
    .values({ key, ...row })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
    .execute()
}

/** Writes `value` unless there is one, and answers the one that is there now: two nodes get the same. */
export async function initSetting(
  db: Queryable,
  key: string,
  { value, now }: { value: unknown; now: number },
): Promise<unknown> {
  await db
    .insertInto('settings')
    .values({ key, value: JSON.stringify(value), updated_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return getSetting(db, key)
}

export async function deleteSetting(db: Queryable, key: string): Promise<void> {
  await db.deleteFrom('settings').where('key', '=', key).execute()
}

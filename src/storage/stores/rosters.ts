/** Contact lists, each with a version that goes up by one at each change. */
import { randomBytes } from 'node:crypto'
import { type NotNull, sql } from 'kysely'
import type { Queryable } from '../database.ts'
import type {
  RosterItemsTable,
  RosterRemovalsTable,
  RosterVersionsTable,
} from '../schema/rosters.ts'

/** Removals remembered for each list; a client that missed more is given the whole list. */
export const MAX_REMOVALS = 100

export function findRosterVersion(
  db: Queryable,
  account: string,
): Promise<RosterVersionsTable | undefined> {
  return db
    .selectFrom('roster_versions')
    .selectAll()
    .where('account', '=', account)
    .executeTakeFirst()
}

export function listRosterItems(db: Queryable, account: string): Promise<RosterItemsTable[]> {
  return db
    .selectFrom('roster_items')
    .selectAll()
    .where('account', '=', account)
    .orderBy('contact')
    .execute()
}

export function findRosterItem(
  db: Queryable,
  account: string,
  contact: string,
): Promise<RosterItemsTable | undefined> {
  return db
    .selectFrom('roster_items')
    .selectAll()
    .where('account', '=', account)
    .where('contact', '=', contact)
    .executeTakeFirst()
}

export async function countRosterItems(db: Queryable, account: string): Promise<number> {
  const { count } = await db
    .selectFrom('roster_items')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('account', '=', account)
    .executeTakeFirstOrThrow()
  return count
}

/** Takes the list's next version, and with it, on PostgreSQL, the lock that makes changes of one list take turns. */
export async function nextRosterVersion(
  db: Queryable,
  account: string,
): Promise<RosterVersionsTable> {
  return db
    .insertInto('roster_versions')
    .values({ account, epoch: randomBytes(4).toString('hex'), version: 1, deltas_from: 0 })
    .onConflict((conflict) =>
      conflict
        .column('account')
        .doUpdateSet(({ ref, eb }) => ({ version: eb(ref('roster_versions.version'), '+', 1) })),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function putRosterItem(db: Queryable, item: RosterItemsTable): Promise<void> {
  const { account, contact, ...changes } = item
  await db
    .insertInto('roster_items')
    .values(item)
    .onConflict((conflict) => conflict.columns(['account', 'contact']).doUpdateSet(changes))
    .execute()
}

export async function deleteRosterItem(
  db: Queryable,
  account: string,
  contact: string,
): Promise<void> {
  await db
    .deleteFrom('roster_items')
    .where('account', '=', account)
    .where('contact', '=', contact)
    .execute()
}

export async function forgetRosterRemoval(
  db: Queryable,
  account: string,
  contact: string,
): Promise<void> {
  await db
    .deleteFrom('roster_removals')
    .where('account', '=', account)
    .where('contact', '=', contact)
    .execute()
}

export async function rememberRosterRemoval(
  db: Queryable,
  removal: RosterRemovalsTable,
): Promise<void> {
  const { account, version } = removal
  await db
    .insertInto('roster_removals')
    .values(removal)
    .onConflict((conflict) => conflict.columns(['account', 'contact']).doUpdateSet({ version }))
    .execute()
  const oldest = await db
    .selectFrom('roster_removals')
    .select('version')
    .where('account', '=', account)
    .orderBy('version', 'desc')
    .offset(MAX_REMOVALS)
    .limit(1)
    .executeTakeFirst()
  if (!oldest) return
  await db
    .deleteFrom('roster_removals')
    .where('account', '=', account)
    .where('version', '<=', oldest.version)
    .execute()
  await db
    .updateTable('roster_versions')
    .set({ deltas_from: oldest.version })
    .where('account', '=', account)
    .execute()
}

export function listRosterRemovals(
  db: Queryable,
  account: string,
  after: number,
): Promise<RosterRemovalsTable[]> {
  return db
    .selectFrom('roster_removals')
    .selectAll()
    .where('account', '=', account)
    .where('version', '>', after)
    .execute()
}

/** Accounts with a request that waits for an answer, in order. */
export async function listRosterRequests(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectFrom('roster_items')
    .select('account')
    .distinct()
    // Literal, as in the index that these rows have to themselves.
    .where('pending_in', '=', sql.lit(1))
    .orderBy('account')
    .execute()
  return rows.map((row) => row.account)
}

/** Items of all lists that name this contact, in order of account. */
export function listRosterMentions(db: Queryable, contact: string): Promise<RosterItemsTable[]> {
  return db
    .selectFrom('roster_items')
    .selectAll()
    .where('contact', '=', contact)
    .orderBy('account')
    .execute()
}

/** A contact of somebody's list. */
export interface RosterKey {
  account: string
  contact: string
}

/** Contacts of all lists that wait for an address that this user has: digits alone may lack a plus. */
export function listRosterAwaiting(db: Queryable, user: string): Promise<RosterKey[]> {
  return db
    .selectFrom('handles')
    .innerJoin('roster_items', (join) =>
      join.on((on) =>
        on('roster_items.awaits', 'in', [
          on.ref('handles.handle'),
          on.ref('handles.number'),
          sql<string>`ltrim(handles.number, '+')`,
        ]),
      ),
    )
    .select(['roster_items.account', 'roster_items.contact'])
    .distinct()
    .where('handles.account', '=', user)
    .orderBy('roster_items.account')
    .orderBy('roster_items.contact')
    .execute()
}

/** Where a page ended. */
export interface RosterAwaiting extends RosterKey {
  awaits: string
}

/** Those of all users, up to `limit` of them after `after`, in the order of what they wait for. */
export async function listAllRosterAwaiting(
  db: Queryable,
  { after, limit }: { after: RosterAwaiting | undefined; limit: number },
): Promise<RosterAwaiting[]> {
  const { awaits, account, contact } = after ?? { awaits: '', account: '', contact: '' }
  return db
    .selectFrom('roster_items')
    .select(['account', 'contact', 'awaits'])
    .where('awaits', 'is not', null)
    .$narrowType<{ awaits: NotNull }>()
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('awaits', 'account', 'contact'), '>', tuple(awaits, account, contact)),
    )
    .where((where) =>
      where.exists(
        where
          .selectFrom('handles')
          .select('handle')
          .where((or) =>
            or.or([
              or('handles.handle', '=', or.ref('roster_items.awaits')),
              or('handles.number', '=', or.ref('roster_items.awaits')),
              or('handles.number', '=', sql<string>`'+' || roster_items.awaits`),
            ]),
          ),
      ),
    )
    .orderBy('awaits')
    .orderBy('account')
    .orderBy('contact')
    .limit(limit)
    .execute()
}

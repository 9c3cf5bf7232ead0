/** Subscriptions are read all at once, at the start: an index by presentity is only a page more to write for each. */
import type { Queryable } from '../database.ts'

export async function noWatchedIndex(db: Queryable): Promise<void> {
  await db.schema.dropIndex('sip_subscriptions_by_presentity').execute()
}

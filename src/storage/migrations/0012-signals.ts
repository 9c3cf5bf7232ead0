/** Messages that wait keep what they say beside their text: receipts that are asked for, who else has them. */
import type { Queryable } from '../database.ts'

export async function signals(db: Queryable): Promise<void> {
  await db.schema.alterTable('offline_messages').addColumn('signals', 'text').execute()
}

/** Bindings from before are of no known age; their clients register again within the hour. */
import type { Queryable } from '../database.ts'

export async function gruu(db: Queryable): Promise<void> {
  for (const column of ['since', 'registered_at']) {
    await db.schema
      .alterTable('sip_bindings')
      .addColumn(column, 'bigint', (added) => added.notNull().defaultTo(0))
      .execute()
  }
  await db.schema.alterTable('sip_bindings').addColumn('gruu_series', 'text').execute()
}

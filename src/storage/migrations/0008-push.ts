import type { DatabaseKind, Queryable } from '../database.ts'
import { key } from './columns.ts'

export async function pushServices(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('push_services')
    .addColumn('account', key(kind), (column) =>
      column.notNull().references('users.account').onDelete('cascade'),
    )
    .addColumn('jid', key(kind), (column) => column.notNull())
    .addColumn('node', key(kind), (column) => column.notNull())
    .addColumn('options', 'text')
    .addColumn('enabled_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('push_services_key', ['account', 'jid', 'node'])
    .execute()
}

import type { DatabaseKind, Queryable } from '../database.ts'
import { key } from './columns.ts'

export async function notices(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('notices')
    .addColumn('domain', key(kind), (column) => column.notNull())
    .addColumn('kind', key(kind), (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('notices_key', ['domain', 'kind'])
    .execute()
  await db.schema
    .createTable('notices_seen')
    .addColumn('account', key(kind), (column) =>
      column.primaryKey().references('users.account').onDelete('cascade'),
    )
    .addColumn('id', 'text', (column) => column.notNull())
    .execute()
}

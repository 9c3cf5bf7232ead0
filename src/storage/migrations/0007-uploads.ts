/** Files that users shared. */
import type { DatabaseKind, Queryable } from '../database.ts'
import { key } from './columns.ts'

export async function uploads(db: Queryable, kind: DatabaseKind): Promise<void> {
  // Not removed with its user: then nobody would know the file that is to be removed.
  await db.schema
    .createTable('uploads')
    .addColumn('id', key(kind), (column) => column.primaryKey())
    .addColumn('account', key(kind), (column) =>
      column.references('users.account').onDelete('set null'),
    )
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('content_type', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .execute()
  await db.schema
    .createIndex('uploads_by_account')
    .on('uploads')
    .columns(['account', 'created_at', 'id'])
    .execute()
  await db.schema.createIndex('uploads_by_expiry').on('uploads').column('expires_at').execute()
}

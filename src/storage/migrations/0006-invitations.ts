import type { DatabaseKind, Queryable } from '../database.ts'
import { key } from './columns.ts'

export async function invitations(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('invitations')
    .addColumn('token_hash', key(kind), (column) => column.primaryKey())
    .addColumn('inviter', key(kind), (column) =>
      column.notNull().references('users.account').onDelete('cascade'),
    )
    .addColumn('domain', key(kind), (column) => column.notNull())
    .addColumn('account', key(kind))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('befriends', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  for (const column of ['inviter', 'account']) {
    await db.schema
      .createIndex(`invitations_by_${column}`)
      .on('invitations')
      .column(column)
      .execute()
  }
}

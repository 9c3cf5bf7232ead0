import type { DatabaseKind, Queryable } from '../database.ts'
import { key } from './columns.ts'

export async function fastTokens(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('fast_tokens')
    .addColumn('account', key(kind), (column) =>
      column.notNull().references('users.account').onDelete('cascade'),
    )
    .addColumn('client', key(kind), (column) => column.notNull())
    .addColumn('slot', 'text', (column) => column.notNull())
    .addColumn('seed', 'text', (column) => column.notNull())
    .addColumn('mechanism', 'text', (column) => column.notNull())
    .addColumn('issued_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at', 'bigint', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addColumn('software', 'text')
    .addColumn('device', 'text')
    .addPrimaryKeyConstraint('fast_tokens_key', ['account', 'client', 'slot'])
    .execute()
  await db.schema
    .createIndex('fast_tokens_by_expiry')
    .on('fast_tokens')
    .column('expires_at')
    .execute()
}

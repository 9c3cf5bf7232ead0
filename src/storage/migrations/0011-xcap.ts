import type { DatabaseKind, Queryable } from '../database.ts'
import { key } from './columns.ts'

export async function xcap(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('xcap_documents')
    .addColumn('account', key(kind), (column) =>
      column.notNull().references('users.account').onDelete('cascade'),
    )
    .addColumn('auid', key(kind), (column) => column.notNull())
    .addColumn('name', key(kind), (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('mark', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('xcap_documents_key', ['account', 'auid', 'name'])
    .execute()
  await db.schema
    .createTable('xcap_claims')
    .addColumn('auid', key(kind), (column) => column.notNull())
    .addColumn('value', key(kind), (column) => column.notNull())
    .addColumn('account', key(kind), (column) =>
      column.notNull().references('users.account').onDelete('cascade'),
    )
    .addColumn('name', key(kind), (column) => column.notNull())
    .addPrimaryKeyConstraint('xcap_claims_key', ['auid', 'value'])
    .execute()
  await db.schema
    .createIndex('xcap_claims_account')
    .on('xcap_claims')
    .columns(['account', 'auid', 'name'])
    .execute()
}

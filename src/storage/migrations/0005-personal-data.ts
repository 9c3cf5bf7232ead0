import type { DatabaseKind, Queryable } from '../database.ts'
import { key } from './columns.ts'

/** vCards with their pictures, and private XML; when and with which words each user was last there. */
export async function personalData(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema.alterTable('users').addColumn('avatar', 'text').execute()
  await db.schema
    .createTable('personal_data')
    .addColumn('account', key(kind), (column) =>
      column.notNull().references('users.account').onDelete('cascade'),
    )
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', key(kind), (column) => column.notNull())
    .addColumn('xml', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('personal_data_key', ['account', 'kind', 'name'])
    .execute()
  await db.schema
    .createTable('last_activity')
    .addColumn('account', key(kind), (column) =>
      column.primaryKey().references('users.account').onDelete('cascade'),
    )
    .addColumn('left_at', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .execute()
}

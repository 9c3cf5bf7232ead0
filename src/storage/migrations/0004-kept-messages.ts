/** Messages that wait: the id by which the account knows each, how long it may wait, and when it goes by e-mail. */
import { sql } from 'kysely'
import type { Queryable } from '../database.ts'

export async function keptMessages(db: Queryable): Promise<void> {
  await db.schema.alterTable('offline_messages').addColumn('stable_id', 'text').execute()
  await db.schema.alterTable('offline_messages').addColumn('expires_at', 'bigint').execute()
  await db.schema.alterTable('offline_messages').addColumn('mail_at', 'bigint').execute()
  await db.schema
    .alterTable('offline_messages')
    .addColumn('mail_tries', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  await db.schema
    .createIndex('offline_messages_to_mail')
    .on('offline_messages')
    .columns(['mail_at', 'id'])
    .where(sql<boolean>`mail_at is not null`)
    .execute()
}

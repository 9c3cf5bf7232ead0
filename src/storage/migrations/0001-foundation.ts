/** The first tables. A migration is never edited once released: the next one changes what it made. */
import type { DatabaseKind, Queryable } from '../database.ts'
import { key, serial } from './columns.ts'

export async function foundation(db: Queryable, kind: DatabaseKind): Promise<void> {
  await createPeople(db, kind)
  await createCredentials(db, kind)
  await createAddresses(db, kind)
  await createRosters(db, kind)
  await createMessages(db, kind)
  await createAdministration(db, kind)
  await createSip(db, kind)
}

function ofUser(db: Queryable, kind: DatabaseKind, table: string) {
  return db.schema
    .createTable(table)
    .addColumn('account', key(kind), (column) =>
      column.notNull().references('users.account').onDelete('cascade'),
    )
}

async function createPeople(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('domains')
    .addColumn('name', key(kind), (column) => column.primaryKey())
    .addColumn('digest_md5', 'integer', (column) => column.notNull())
    .addColumn('sip_digest', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('users')
    .addColumn('account', key(kind), (column) => column.primaryKey())
    .addColumn('domain', key(kind), (column) => column.notNull().references('domains.name'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('disabled', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('users_by_domain')
    .on('users')
    .columns(['domain', 'account'])
    .execute()
}

async function createCredentials(db: Queryable, kind: DatabaseKind): Promise<void> {
  await ofUser(db, kind, 'credentials')
    .addColumn('mechanism', 'text', (column) => column.notNull())
    .addColumn('salt', 'text', (column) => column.notNull())
    .addColumn('iterations', 'integer', (column) => column.notNull())
    .addColumn('stored_key', 'text', (column) => column.notNull())
    .addColumn('server_key', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('credentials_key', ['account', 'mechanism'])
    .execute()
  await ofUser(db, kind, 'digest_hashes')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('algorithm', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('digest_hashes_key', ['account', 'kind', 'algorithm'])
    .execute()
}

async function createAddresses(db: Queryable, kind: DatabaseKind): Promise<void> {
  await ofUser(db, kind, 'addresses')
    .addColumn('id', serial(kind))
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('handle', key(kind), (column) => column.notNull())
    .addUniqueConstraint('addresses_key', ['account', 'type', 'handle'])
    .execute()
  await ofUser(db, kind, 'handles')
    .addColumn('handle', key(kind), (column) => column.primaryKey())
    .addColumn('number', key(kind))
    .execute()
  await db.schema.createIndex('handles_by_number').on('handles').column('number').execute()
  await db.schema.createIndex('handles_by_account').on('handles').column('account').execute()
}

async function createRosters(db: Queryable, kind: DatabaseKind): Promise<void> {
  await ofUser(db, kind, 'roster_versions')
    .addColumn('epoch', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('deltas_from', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('roster_versions_key', ['account'])
    .execute()
  await ofUser(db, kind, 'roster_items')
    .addColumn('contact', key(kind), (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('groups', 'text', (column) => column.notNull())
    .addColumn('subscription', 'text', (column) => column.notNull())
    .addColumn('pending_out', 'integer', (column) => column.notNull())
    .addColumn('pending_in', 'integer', (column) => column.notNull())
    .addColumn('pending_in_stanza', 'text')
    .addColumn('approved', 'integer', (column) => column.notNull())
    .addColumn('in_roster', 'integer', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('roster_items_key', ['account', 'contact'])
    .execute()
  await db.schema
    .createIndex('roster_items_by_contact')
    .on('roster_items')
    .column('contact')
    .execute()
  await ofUser(db, kind, 'roster_removals')
    .addColumn('contact', key(kind), (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('roster_removals_key', ['account', 'contact'])
    .execute()
}

async function createMessages(db: Queryable, kind: DatabaseKind): Promise<void> {
  await ofUser(db, kind, 'offline_messages')
    .addColumn('id', serial(kind))
    .addColumn('sender', 'text', (column) => column.notNull())
    .addColumn('recipient', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('message_id', 'text')
    .addColumn('thread', 'text')
    .addColumn('subject', 'text')
    .addColumn('body', 'text')
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('native', 'text')
    .addColumn('stored_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('offline_messages_by_account')
    .on('offline_messages')
    .columns(['account', 'id'])
    .execute()
  await ofUser(db, kind, 'presence_manual')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('note', 'text')
    .addColumn('since', 'bigint', (column) => column.notNull())
    .addColumn('until', 'bigint')
    .addPrimaryKeyConstraint('presence_manual_key', ['account'])
    .execute()
}

async function createAdministration(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('settings')
    .addColumn('key', key(kind), (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('administrators')
    .addColumn('name', key(kind), (column) => column.primaryKey())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('last_sign_in_at', 'bigint')
    .execute()
  await db.schema
    .createTable('audit_log')
    .addColumn('id', serial(kind))
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute()
}

async function createSip(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('sip_publications')
    .addColumn('id', key(kind), (column) => column.primaryKey())
    .addColumn('presentity', key(kind), (column) =>
      column.notNull().references('users.account').onDelete('cascade'),
    )
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('etag', key(kind), (column) => column.notNull().unique())
    .addColumn('content_type', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('sip_publications_by_presentity')
    .on('sip_publications')
    .column('presentity')
    .execute()
  // No reference to users: what is watched may also be a list, or nobody (RFC 3856 §6.6.2).
  await db.schema
    .createTable('sip_subscriptions')
    .addColumn('id', key(kind), (column) => column.primaryKey())
    .addColumn('presentity', key(kind), (column) => column.notNull())
    .addColumn('watcher', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('dialog', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('sip_subscriptions_by_presentity')
    .on('sip_subscriptions')
    .column('presentity')
    .execute()
  await createBindings(db, kind)
}

async function createBindings(db: Queryable, kind: DatabaseKind): Promise<void> {
  await ofUser(db, kind, 'sip_bindings')
    .addColumn('id', key(kind), (column) => column.primaryKey())
    .addColumn('contact', 'text', (column) => column.notNull())
    .addColumn('instance', 'text')
    .addColumn('reg_id', 'integer')
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('cseq', 'bigint', (column) => column.notNull())
    .addColumn('q', 'double precision', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('transport', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('received', 'text')
    .addColumn('user_agent', 'text')
    .execute()
  await db.schema
    .createIndex('sip_bindings_by_account')
    .on('sip_bindings')
    .column('account')
    .execute()
}

/**
 * Access levels and rules, with ways to those whom rules are about and to those who are to be asked;
 * who may subscribe by the rules alone; contacts that are nobody yet; when a manual state ends; how a
 * domain's presence is composed.
 */
import { sql } from 'kysely'
import type { DatabaseKind, Queryable } from '../database.ts'
import { key } from './columns.ts'

export async function accessControl(db: Queryable, kind: DatabaseKind): Promise<void> {
  await createLevels(db, kind)
  await createRules(db, kind)
  await db.schema.alterTable('roster_items').addColumn('awaits', key(kind)).execute()
  await createWays(db)
  await db.schema
    .alterTable('presence_manual')
    .addColumn('clear', 'text', (column) => column.notNull().defaultTo('never'))
    .execute()
  await db.schema
    .alterTable('domains')
    .addColumn('composition', 'text', (column) => column.notNull().defaultTo('enterprise'))
    .execute()
  await db.schema
    .alterTable('roster_items')
    .addColumn('by_policy', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}

async function createLevels(db: Queryable, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable('access_levels')
    .addColumn('name', key(kind), (column) => column.primaryKey())
    .addColumn('classes', 'text', (column) => column.notNull())
    .addColumn('inverted', 'integer', (column) => column.notNull())
    .execute()
  await db
    .insertInto('access_levels')
    .values({ name: 'Telephony', classes: '["phone"]', inverted: 0 })
    .execute()
}

async function createRules(db: Queryable, kind: DatabaseKind): Promise<void> {
  // No reference to users: a rule may be about a domain, about everybody, or about a stranger.
  await db.schema
    .createTable('access_rules')
    .addColumn('presentity', key(kind), (column) => column.notNull())
    .addColumn('watcher', key(kind), (column) => column.notNull())
    .addColumn('level', key(kind), (column) => column.notNull())
    .addColumn('enforced', 'integer', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('refuses_messages', 'integer', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('access_rules_key', ['presentity', 'watcher', 'level', 'enforced'])
    .execute()
  await db.schema
    .createIndex('access_rules_by_watcher')
    .on('access_rules')
    .column('watcher')
    .execute()
}

async function createWays(db: Queryable): Promise<void> {
  await db.schema
    .createIndex('roster_items_with_request')
    .on('roster_items')
    .column('account')
    .where(sql<boolean>`pending_in = 1`)
    .execute()
  await db.schema
    .createIndex('roster_items_awaiting')
    .on('roster_items')
    .columns(['awaits', 'account', 'contact'])
    .where(sql<boolean>`awaits is not null`)
    .execute()
  // What comes after the last at sign: the domain.
  await db.schema
    .createIndex('addresses_by_domain')
    .on('addresses')
    .expression(sql`substr(handle, length(rtrim(handle, replace(handle, '@', ''))) + 1)`)
    .execute()
}

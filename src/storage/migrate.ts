/** Brings a database up to the schema of this program: all missing migrations in one transaction. */
import { sql } from 'kysely'
import type { Clock } from '../util/clock.ts'
import { OperatorError } from '../util/operator-error.ts'
import type { DatabaseKind, Queryable } from './database.ts'
import type { Migration } from './migrations/index.ts'

/** Any fixed number that nothing else in the database locks: the letters HELI. */
const LOCK = 0x48454c49

interface Target {
  kysely: Queryable
  kind: DatabaseKind
  clock: Clock
}

/** Returns the names of the migrations that ran. Throws `OperatorError` `DB_TOO_NEW`. */
export function migrate(target: Target, migrations: readonly Migration[]): Promise<string[]> {
  const { kysely, kind, clock } = target
  return kysely.transaction().execute(async (trx) => {
    // Two nodes that start together take turns; SQLite's write lock does the same.
    if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx)
    await trx.schema
      .createTable('heliograph_migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute()
    const rows = await trx.selectFrom('heliograph_migrations').select('name').execute()
    const applied = new Set(rows.map((row) => row.name))
    refuseUnknown(applied, migrations)
    const missing = migrations.filter(({ name }) => !applied.has(name))
    for (const { name, up } of missing) {
      await up(trx, kind)
      await trx
        .insertInto('heliograph_migrations')
        .values({ name, applied_at: clock.now() })
        .execute()
    }
    return missing.map(({ name }) => name)
  })
}

function refuseUnknown(applied: Set<string>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(({ name }) => name))
  for (const name of applied) {
    if (known.has(name)) continue
    const text = `the database has been written by a newer version of this program (${name})`
    throw new OperatorError('DB_TOO_NEW', text)
  }
}

/** Column types that differ between the databases. */
import { type RawBuilder, sql } from 'kysely'
import type { DatabaseKind } from '../database.ts'

/** Text that is compared and ordered by its bytes, on both databases alike. */
export function key(kind: DatabaseKind): RawBuilder<unknown> {
  return kind === 'postgres' ? sql`text collate "C"` : sql`text`
}

/** A number given by the database, never given twice. */
export function serial(kind: DatabaseKind): RawBuilder<unknown> {
  return kind === 'postgres'
    ? sql`bigint generated always as identity primary key`
    : sql`integer primary key autoincrement`
}

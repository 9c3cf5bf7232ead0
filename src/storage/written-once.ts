/**
 * Queries that run for every message, with their text made once: making it takes longer than SQLite
 * takes to run it.
 */
import { type CompiledQuery, sql } from 'kysely'
import type { Database } from './database.ts'
import type { Schema } from './schema/schema.ts'

type Writing = Pick<Database, 'kysely' | 'write'>
type Column<T extends keyof Schema> = keyof Schema[T] & string

/**
 * Writes a row; where there is one with the same `id`, what is `changing` in it. `columns` are all of
 * the table's.
 */
export function upsertById<T extends keyof Schema>(
  { kysely, write }: Writing,
  table: T,
  columns: readonly Column<T>[],
  changing: readonly Column<T>[],
): (row: Schema[T]) => Promise<void> {
  const values = (row?: Schema[T]) => columns.map((column) => row?.[column])
  const text: CompiledQuery = sql`
    insert into ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))})
    values (${sql.join(values())})
    on conflict (id) do update set ${sql.join(changing.map(excluded))}`.compile(kysely)
  return (row) => write({ ...text, parameters: values(row) })
}

const excluded = (column: string) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`

export function deleteById<T extends keyof Schema>(
  { kysely, write }: Writing,
  table: T,
): (id: string) => Promise<void> {
  const text: CompiledQuery = sql`delete from ${sql.table(table)} where id = ${''}`.compile(kysely)
  return (id) => write({ ...text, parameters: [id] })
}

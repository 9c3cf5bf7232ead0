/** The database: SQLite embedded in this process, or PostgreSQL. Every query runs on both. */
import { type CompiledQuery, Kysely, type Transaction } from 'kysely'
import { type Clock, SystemClock } from '../util/clock.ts'
import { type Log, silentLog } from '../util/log.ts'
import { OperatorError } from '../util/operator-error.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { openPostgres } from './postgres.ts'
import type { Schema } from './schema/schema.ts'
import { openSqlite } from './sqlite.ts'

export type DatabaseKind = 'sqlite' | 'postgres'

/** What a query function takes: the database itself, or a transaction of it. */
export type Queryable = Kysely<Schema>

export interface Database extends AsyncDisposable {
  readonly kind: DatabaseKind
  readonly kysely: Kysely<Schema>
  /**
   * One statement that answers nothing, for what is written for every message; resolves once it is on the disk.
   * On SQLite it goes past Kysely, which takes longer than SQLite does.
   */
  write(query: CompiledQuery): Promise<void>
  /**
   * Runs `work` as one transaction; resolves once it is committed, that is, on the disk.
   * `work` may run again where PostgreSQL broke a deadlock, and must await nothing but its queries:
   * on SQLite everybody else waits for it.
   */
  transaction<T>(work: (trx: Transaction<Schema>) => Promise<T>): Promise<T>
}

export interface DatabaseDeps {
  clock?: Clock
  log?: Log
}

/**
 * Opens `sqlite:PATH`, `sqlite::memory:` or `postgres://…` and brings its schema up to date.
 * Throws `OperatorError` `DB_UNREACHABLE` or `DB_TOO_NEW`, `CFG_BAD_VALUE` where the URL is none of those.
 */
export async function openDatabase(url: string, deps: DatabaseDeps = {}): Promise<Database> {
  const { clock = new SystemClock(), log = silentLog } = deps
  const { kind, dialect } = openDialect(url, log)
  const kysely = new Kysely<Schema>({ dialect })
  try {
    const ran = await migrate({ kysely, kind, clock }, migrations)
    if (ran.length > 0) log.info({ what: 'database_migrated', kind, migrations: ran })
  } catch (error) {
    await kysely.destroy()
    throw openError(url, error)
  }
  return {
    kind,
    kysely,
    write:
      kind === 'sqlite'
        ? dialect.write
        : async (query) => {
            await kysely.executeQuery(query)
          },
    transaction: (work) => withRetries(() => kysely.transaction().execute(work)),
    [Symbol.asyncDispose]: () => kysely.destroy(),
  }
}

function openDialect(url: string, log: Log) {
  if (url.startsWith('sqlite:')) {
    try {
      return { kind: 'sqlite' as const, dialect: openSqlite(url.slice('sqlite:'.length)) }
    } catch (error) {
      throw openError(url, error)
    }
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    return { kind: 'postgres' as const, dialect: openPostgres(url, log) }
  }
  throw new OperatorError('CFG_BAD_VALUE', 'database.url must be sqlite:PATH or postgres://…')
}

function openError(url: string, error: unknown): Error {
  if (error instanceof OperatorError) return error
  const reason = error instanceof Error ? error.message || error.name : String(error)
  const text = `cannot open the database ${withoutPassword(url)}: ${reason}`
  return new OperatorError('DB_UNREACHABLE', text, { cause: error })
}

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^/@:]*):[^/]*@/, '$1:***@').replace(/\?.*$/, '')
}

/** PostgreSQL: serialization_failure and deadlock_detected. The transaction had no effect; it may run again. */
const RETRIABLE = new Set(['40001', '40P01'])
const ATTEMPTS = 5

async function withRetries<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run()
    } catch (error) {
      if (attempt === ATTEMPTS || !RETRIABLE.has(sqlState(error))) throw error
    }
  }
}

function sqlState(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return String(error.code)
}

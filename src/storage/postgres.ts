/** Kysely on PostgreSQL by `pg`. */
import { PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Log } from '../util/log.ts'

const POOL_SIZE = 10
const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 30_000

/** bigint and numeric counts come as numbers: instants and counters stay far below 2⁵³. */
const NUMBER_TYPES = new Set<number>([pg.types.builtins.INT8, pg.types.builtins.NUMERIC])

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    NUMBER_TYPES.has(oid) ? (text: string) => Number(text) : pg.types.getTypeParser(oid, format),
}

export function openPostgres(url: string, log: Log): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'heliograph',
    types,
  })
  const lost = (error: Error) => {
    log.warn({ what: 'database_connection_lost', reason: error.message })
  }
  // The pool replaces a connection that breaks while idle, and a query that it breaks under rejects;
  // but the event itself, unheard, would end the process.
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  return new PostgresDialect({ pool })
}

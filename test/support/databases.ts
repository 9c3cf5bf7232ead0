/** Every storage test runs on every database. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext } from 'node:test'
import pg from 'pg'
import {
  type Database,
  type DatabaseDeps,
  type DatabaseKind,
  openDatabase,
} from '../../src/storage/database.ts'
import { startPostgres } from './postgres.ts'

/** Opens an empty database that is closed, and on PostgreSQL dropped, after the test. */
export type OpenDatabase = (t: TestContext, deps?: DatabaseDeps) => Promise<Database>

/** Defines the tests once for each database: `eachDatabase((kind, open) => { test(…) })`. */
export function eachDatabase(define: (kind: DatabaseKind, open: OpenDatabase) => void): void {
  for (const kind of ['sqlite', 'postgres'] as const) {
    describe(`on ${kind}`, () => {
      define(kind, async (t, deps) => {
        const url = kind === 'sqlite' ? 'sqlite::memory:' : await createPostgres(t)
        return disposeAfter(t, await openDatabase(url, deps))
      })
    })
  }
}

/** The URL of an empty database that outlives its being closed: for tests that open it again. */
export async function freshUrl(kind: DatabaseKind, t: TestContext): Promise<string> {
  if (kind === 'postgres') return createPostgres(t)
  const directory = mkdtempSync(join(tmpdir(), 'heliograph-sqlite-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return `sqlite:${join(directory, 'test.db')}`
}

/** Hooks run in the order they were added, so what is opened later must be closed by the first that runs. */
const opened = new WeakMap<TestContext, AsyncDisposableStack>()

export function disposeAfter<T extends AsyncDisposable>(t: TestContext, resource: T): T {
  return stackOf(t).use(resource)
}

function stackOf(t: TestContext): AsyncDisposableStack {
  let stack = opened.get(t)
  if (!stack) {
    const made = new AsyncDisposableStack()
    t.after(() => made.disposeAsync())
    opened.set(t, made)
    stack = made
  }
  return stack
}

let cluster: Promise<string> | undefined

/** The server that `HELIOGRAPH_TEST_POSTGRES` names, or one of our own; never none. */
function postgresServer(): Promise<string> {
  const given = process.env.HELIOGRAPH_TEST_POSTGRES
  cluster ??= given ? Promise.resolve(given) : startPostgres()
  return cluster
}

async function createPostgres(t: TestContext): Promise<string> {
  const server = await postgresServer()
  const name = `test_${randomBytes(8).toString('hex')}`
  await administer(server, `create database ${name} template template0`)
  stackOf(t).defer(() => administer(server, `drop database ${name} with (force)`))
  return server.replace(/\/[^/?]*(\?|$)/, `/${name}$1`)
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

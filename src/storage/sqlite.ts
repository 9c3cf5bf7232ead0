/**
 * Kysely on `node:sqlite`, with group commit.
 *
 * A commit costs a flush of the disk, and it blocks the process. So the writes of one turn of the
 * event loop, whoever makes them, share a transaction: each is a savepoint in it, and each caller
 * is answered when the whole has been committed. Reads on the way see what is not yet committed,
 * which nobody outside this process has been told.
 */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

const BUSY_TIMEOUT_MS = 5_000
const STATEMENT_CACHE = 512

export interface SqliteDialect extends Dialect {
  /** As `Database.write`. */
  write(query: CompiledQuery): Promise<void>
}

/** Opens (and where needed creates, readable by this user only) the file; throws what SQLite throws. */
export function openSqlite(path: string): SqliteDialect {
  // The database, and the write-ahead log that takes its mode from it, hold credentials.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path, {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
  })
  try {
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
  } catch (error) {
    database.close()
    throw error
  }
  const driver = new SqliteDriver(database)
  return {
    write: (query) => driver.write(query),
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** First come, first served. */
class Lock {
  readonly #waiting: (() => void)[] = []
  #held = false

  get isHeld(): boolean {
    return this.#held
  }

  async acquire(): Promise<void> {
    if (this.#held) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#held = true
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#held = false
  }
}

/** The transaction that writes of this turn share, while one is open. */
class GroupCommit {
  readonly #database: DatabaseSync
  readonly #lock: Lock
  #open: PromiseWithResolvers<void> | undefined

  constructor(database: DatabaseSync, lock: Lock) {
    this.#database = database
    this.#lock = lock
  }

  /** To be called by the holder of the lock before it writes; the answer settles with the commit. */
  join(): Promise<void> {
    if (this.#open && !this.#database.isTransaction) this.#abort(new Error('transaction was lost'))
    if (this.#open) return this.#open.promise
    this.#database.exec('begin immediate')
    const group = Promise.withResolvers<void>()
    group.promise.catch(() => {}) // those who rolled back do not wait for it
    this.#open = group
    setImmediate(() => void this.flush())
    return group.promise
  }

  /** Commits what is open. Never rejects: those who wait are told. */
  async flush(): Promise<void> {
    await this.#lock.acquire()
    const group = this.#open
    this.#open = undefined
    try {
      if (group) this.#database.exec('commit')
      group?.resolve()
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('rollback')
      group?.reject(error)
    } finally {
      this.#lock.release()
    }
  }

  /** A full disk or an I/O error may roll back the whole transaction by itself: nobody's writes are in it any more. */
  #abort(error: Error): void {
    this.#open?.reject(error)
    this.#open = undefined
  }
}

class SqliteDriver implements Driver {
  readonly #database: DatabaseSync
  readonly #statements: Statements
  readonly #lock = new Lock()
  readonly #group: GroupCommit

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#statements = new Statements(database)
    this.#group = new GroupCommit(database, this.#lock)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteConnection> {
    await this.#lock.acquire()
    return new SqliteConnection(this.#statements, this.#lock, this.#group)
  }

  async write(query: CompiledQuery): Promise<void> {
    if (!this.#lock.isHeld) return this.#writeNow(query)
    await this.#lock.acquire()
    try {
      // Written in this turn; the next one need not wait for the commit.
      return this.#writeNow(query)
    } finally {
      this.#lock.release()
    }
  }

  #writeNow(query: CompiledQuery): Promise<void> {
    const committed = this.#group.join()
    this.#statements.execute(query)
    return committed
  }

  async beginTransaction(connection: SqliteConnection): Promise<void> {
    connection.begin()
  }

  commitTransaction(connection: SqliteConnection): Promise<void> {
    return connection.commit()
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    connection.rollback()
  }

  async releaseConnection(connection: SqliteConnection): Promise<void> {
    connection.release()
  }

  async destroy(): Promise<void> {
    await this.#group.flush()
    await this.#lock.acquire()
    this.#database.close()
  }
}

/** One caller's turn with the one connection. */
class SqliteConnection implements DatabaseConnection {
  readonly #statements: Statements
  readonly #lock: Lock
  readonly #group: GroupCommit
  #transaction: Promise<void> | undefined
  #released = false

  constructor(statements: Statements, lock: Lock, group: GroupCommit) {
    this.#statements = statements
    this.#lock = lock
    this.#group = group
  }

  begin(): void {
    this.#transaction = this.#group.join()
    this.#statements.run('savepoint work')
  }

  /** Lets the next caller go on, in the same transaction, and waits for the commit of them all. */
  async commit(): Promise<void> {
    this.#statements.run('release work')
    this.release()
    await this.#transaction
  }

  rollback(): void {
    // After a failed commit, or one that SQLite rolled back by itself, there is nothing left to undo.
    if (this.#released || !this.#statements.inTransaction) return
    this.#statements.run('rollback to work')
    this.#statements.run('release work')
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#lock.release()
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#transaction || SelectQueryNode.is(query.query)) return this.#statements.execute(query)
    const committed = this.#group.join()
    const result = this.#statements.execute<R>(query)
    this.release()
    await committed
    return result
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator, and nothing here streams
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('results of SQLite are not streamed: page by key instead')
  }
}

interface Prepared {
  readonly statement: StatementSync
  /** Asked once: describing the columns costs a third of what a small query does. */
  readonly answers: boolean
}

/** Prepared statements, the most recently prepared ones kept. */
class Statements {
  readonly #database: DatabaseSync
  readonly #cache = new Map<string, Prepared>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  run(sql: string): void {
    this.#prepare(sql).statement.run()
  }

  execute<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    const { statement, answers } = this.#prepare(sql)
    const values = parameters as readonly SQLInputValue[]
    if (answers) return { rows: statement.all(...values) as R[] }
    const { changes, lastInsertRowid } = statement.run(...values)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  #prepare(sql: string): Prepared {
    const known = this.#cache.get(sql)
    if (known) return known
    const statement = this.#database.prepare(sql)
    const prepared = { statement, answers: statement.columns().length > 0 }
    const oldest = this.#cache.keys().next().value
    if (this.#cache.size >= STATEMENT_CACHE && oldest !== undefined) this.#cache.delete(oldest)
    this.#cache.set(sql, prepared)
    return prepared
  }
}

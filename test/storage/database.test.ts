import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDirectory } from '../../src/directory/directory.ts'
import { type Database, openDatabase, type Queryable } from '../../src/storage/database.ts'
import { migrate } from '../../src/storage/migrate.ts'
import { migrations } from '../../src/storage/migrations/index.ts'
import { OfflineMessages } from '../../src/storage/stores/offline-messages.ts'
import { getSetting, initSetting, putSetting } from '../../src/storage/stores/settings.ts'
import { silentLog } from '../../src/util/log.ts'
import { OperatorError } from '../../src/util/operator-error.ts'
import { disposeAfter, eachDatabase, freshUrl } from '../support/databases.ts'
import { FakeClock } from '../support/fake-clock.ts'

const clock = new FakeClock()

function operatorError(code: string) {
  return (error: unknown) => error instanceof OperatorError && error.code === code
}

eachDatabase((kind, open) => {
  test('a new database gets every table, and opening it again changes nothing', async (t) => {
    const url = await freshUrl(kind, t)
    {
      await using first = await openDatabase(url, { clock })
      const ran = await first.kysely.selectFrom('heliograph_migrations').selectAll().execute()
      assert.deepEqual(
        ran.map((row) => row.name),
        migrations.map((migration) => migration.name),
      )
      await putSetting(first.kysely, 'a', { value: { b: 1 }, now: 1 })
    }
    await using second = await openDatabase(url, { clock })
    assert.deepEqual(await getSetting(second.kysely, 'a'), { b: 1 })
    assert.deepEqual(await migrate({ kysely: second.kysely, kind, clock }, migrations), [])
  })

  test('a database of a newer program is refused', async (t) => {
    const url = await freshUrl(kind, t)
    {
      await using database = await openDatabase(url, { clock })
      const row = { name: '9999-from-the-future', applied_at: 1 }
      await database.kysely.insertInto('heliograph_migrations').values(row).execute()
    }
    await assert.rejects(openDatabase(url, { clock }), operatorError('DB_TOO_NEW'))
  })

  test('a migration that fails leaves no trace of itself or of those before it', async (t) => {
    const { kysely } = await open(t, { clock })
    const one = {
      name: '8000-a',
      up: (db: Queryable) => db.schema.createTable('one').addColumn('a', 'text').execute(),
    }
    const two = { name: '8001-b', up: () => Promise.reject(new Error('no')) }
    await assert.rejects(migrate({ kysely, kind, clock }, [...migrations, one, two]), /no/)
    const names = (await kysely.introspection.getTables()).map((table) => table.name)
    assert.ok(names.includes('users') && !names.includes('one'))
  })

  test('a transaction that throws undoes its writes and nobody else’s', async (t) => {
    const database = await open(t)
    const write = (key: string, fail: boolean) =>
      database.transaction(async (trx) => {
        await putSetting(trx, key, { value: 1, now: 1 })
        if (fail) throw new Error(key)
      })
    const keys = Array.from({ length: 40 }, (_, at) => `key${at}`)
    const results = await Promise.allSettled(keys.map((key, at) => write(key, at % 3 === 0)))
    for (const [at, key] of keys.entries()) {
      const isThere = (await getSetting(database.kysely, key)) === 1
      assert.equal(isThere, at % 3 !== 0, key)
      assert.equal(results[at]?.status, isThere ? 'fulfilled' : 'rejected')
    }
  })

  test('a statement that fails among others spoils none of them', async (t) => {
    const { kysely } = await open(t)
    const add = (key: string) =>
      kysely.insertInto('settings').values({ key, value: '1', updated_at: 1 }).execute()
    const results = await Promise.allSettled([add('a'), add('b'), add('a'), add('c')])
    const [first, second, third, fourth] = results.map((result) => result.status)
    // Which of the two comes first is open where each has a connection of its own.
    assert.deepEqual([first, third].toSorted(), ['fulfilled', 'rejected'])
    assert.deepEqual([second, fourth], ['fulfilled', 'fulfilled'])
    assert.equal((await kysely.selectFrom('settings').selectAll().execute()).length, 3)
  })

  test('the first value of a setting stays, whoever writes it at the same time', async (t) => {
    const { kysely } = await open(t)
    const values = await Promise.all(
      [1, 2, 3].map((value) => initSetting(kysely, 'first', { value, now: 1 })),
    )
    assert.equal(new Set(values).size, 1)
  })

  // SQLite has one program only: the data directory is locked.
  if (kind === 'postgres')
    test('two nodes that open a new PostgreSQL database at once migrate it once', async (t) => {
      const url = await freshUrl(kind, t)
      const both = await Promise.all([openDatabase(url, { clock }), openDatabase(url, { clock })])
      for (const database of both) disposeAfter(t, database)
      const rows = await both[0].kysely.selectFrom('heliograph_migrations').selectAll().execute()
      assert.equal(rows.length, migrations.length)
    })
})

test('a database that is not there is reported with its URL but without its password', async () => {
  const url = 'postgres://heliograph:hunter2@127.0.0.1:1/nothing'
  await assert.rejects(openDatabase(url), (error: unknown) => {
    assert.ok(error instanceof OperatorError)
    assert.equal(error.code, 'DB_UNREACHABLE')
    assert.match(error.message, /127\.0\.0\.1:1/)
    assert.doesNotMatch(error.message, /hunter2/)
    return true
  })
})

test('a file that is not a database, or in no directory, is reported', async (t) => {
  const directory = mkdtempSync('/tmp/heliograph-test-')
  t.after(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'x.db'), 'this is not a database file at all, is it?'.repeat(50))
  for (const path of [join(directory, 'x.db'), join(directory, 'no/such/dir.db')]) {
    await assert.rejects(openDatabase(`sqlite:${path}`), operatorError('DB_UNREACHABLE'))
  }
  await assert.rejects(openDatabase('mysql://x'), operatorError('CFG_BAD_VALUE'))
})

const WRITER = new URL('database-writer.ts', import.meta.url).pathname

/** Starts the writer, kills it the moment it has reported the `count`th write, and answers all it reported. */
async function writeAndDie(url: string, round: number, count: number): Promise<string[]> {
  const args = [WRITER, url, String(round)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === count) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  return lines
}

async function readAll(database: Database): Promise<Set<string>> {
  const directory = await openDirectory({ database, clock: new FakeClock(), log: silentLog })
  const users = await directory.users()
  const found = new Set<string>()
  for (const { account } of users) {
    for (const contact of (await directory.contacts.get(account)).items.keys()) {
      found.add(`contact ${contact}`)
    }
    const store = new OfflineMessages(database.kysely)
    for (const { body } of await store.list(account, { limit: 1_000_000 })) {
      found.add(`message ${body}`)
    }
  }
  return found
}

eachDatabase((kind) => {
  test('no write that was acknowledged is lost when the process is killed', async (t) => {
    const url = await freshUrl(kind, t)
    {
      await using database = await openDatabase(url)
      const directory = await openDirectory({ database, clock: new FakeClock(), log: silentLog })
      await directory.addDomain('corp.example')
      await directory.addUser({ account: 'alice@corp.example' })
    }
    const acknowledged: string[] = []
    for (const [round, count] of [1, 7, 50, 200].entries()) {
      acknowledged.push(...(await writeAndDie(url, round, count)))
      await using database = await openDatabase(url)
      const found = await readAll(database)
      const lost = acknowledged.filter((line) => !found.has(line))
      assert.deepEqual(lost, [])
    }
    assert.ok(acknowledged.some((line) => line.startsWith('contact')))
    assert.ok(acknowledged.some((line) => line.startsWith('message')))
  })
})

eachDatabase((kind) => {
  if (kind !== 'postgres') return
  test('connections that PostgreSQL ends while they are idle are replaced', async (t) => {
    const url = await freshUrl(kind, t)
    const database = disposeAfter(t, await openDatabase(url, { clock }))
    const other = disposeAfter(t, await openDatabase(url, { clock }))
    await Promise.all([1, 2, 3].map(() => getSetting(database.kysely, 'a')))
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
    `.execute(other.kysely)
    // A connection whose end has not been noticed yet fails once.
    for (let left = 4; ; left -= 1) {
      const works = await putSetting(database.kysely, 'a', { value: 1, now: 1 }).then(
        () => true,
        () => false,
      )
      if (works) break
      assert.ok(left > 0)
    }
    assert.equal(await getSetting(other.kysely, 'a'), 1)
  })
})

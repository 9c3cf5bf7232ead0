import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDirectory } from '../../src/directory/directory.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { OfflineMessages } from '../../src/storage/stores/offline-messages.ts'
import { silentLog } from '../../src/util/log.ts'
import { freshUrl } from '../support/databases.ts'
import { FakeClock } from '../support/fake-clock.ts'

const WRITER = new URL('kill-writer.ts', import.meta.url).pathname

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

for (const kind of ['sqlite', 'postgres'] as const) {
  test(`on ${kind}, no write that was acknowledged is lost when the process is killed`, async (t) => {
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
}

test('SQLite flushes each commit to the disk before it acknowledges it', async (t) => {
  await using database = await openDatabase(await freshUrl('sqlite', t))
  const pragma = async (name: string) => {
    const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(
      database.kysely,
    )
    return rows[0]?.[name]
  }
  assert.equal(await pragma('journal_mode'), 'wal')
  assert.equal(await pragma('synchronous'), 2)
  assert.equal(await pragma('foreign_keys'), 1)
})

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from '../../src/storage/database.ts'
import { getSetting, putSetting } from '../../src/storage/stores/settings.ts'
import { freshUrl } from '../support/databases.ts'

test('SQLite shares the commit of writes that come together', async () => {
  await using database = await openDatabase('sqlite::memory:')
  const order: string[] = []
  const write = (key: string) =>
    putSetting(database.kysely, key, { value: 1, now: 1 }).then(() => order.push(key))
  const writing = [write('a'), write('b')]
  const reading = getSetting(database.kysely, 'b').then(() => order.push('read'))
  await Promise.all([...writing, reading])
  assert.deepEqual(order, ['read', 'a', 'b'])
})

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

test('the SQLite file can be read by its owner only', async (t) => {
  const url = await freshUrl('sqlite', t)
  await using database = await openDatabase(url)
  await putSetting(database.kysely, 'a', { value: 1, now: 1 })
  const path = url.slice('sqlite:'.length)
  for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('on a full disk each write is either there or refused, and later ones work again', async (t) => {
  await using database = await openDatabase(await freshUrl('sqlite', t))
  const { kysely } = database
  const limit = (pages: number) => sql`pragma max_page_count = ${sql.lit(pages)}`.execute(kysely)
  await limit(1) // no lower than what is used already
  const write = (key: string, size: number) =>
    putSetting(kysely, key, { value: 'x'.repeat(size), now: 1 })
  const sizes = Array.from({ length: 60 }, (_, at) => (at % 7 === 3 ? 20_000 : 300))
  const results = await Promise.allSettled(sizes.map((size, at) => write(`k${at}`, size)))
  assert.ok(results.some((result) => result.status === 'rejected'))
  for (const [at, { status }] of results.entries()) {
    const isThere = (await getSetting(kysely, `k${at}`)) !== undefined
    assert.equal(isThere, status === 'fulfilled', `k${at} ${status}`)
  }
  await limit(100_000)
  await write('after', 50_000)
  assert.equal(String(await getSetting(kysely, 'after')).length, 50_000)
})

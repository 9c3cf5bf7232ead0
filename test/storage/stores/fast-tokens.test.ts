/** Tokens to sign in with (XEP-0484), as they are kept. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import {
  type FastTokenRow,
  FastTokenRows,
  removeFastTokens,
} from '../../../src/storage/stores/fast-tokens.ts'
import { eachDatabase, type OpenDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const ANNA = 'anna@corp.example' as BareJid

function row(changes: Partial<FastTokenRow> = {}): FastTokenRow {
  return {
    account: ANNA,
    client: 'phone',
    slot: 'new',
    seed: 'seed-1',
    mechanism: 'HT-SHA-256-NONE',
    issued_at: 1,
    expires_at: 100,
    used_at: 1,
    count: -1,
    software: 'S',
    device: null,
    ...changes,
  }
}

eachDatabase((_kind, open) => {
  async function start(t: TestContext, openDatabase: OpenDatabase = open) {
    const { directory, database } = await openTestDirectory(t, openDatabase)
    await directory.addUser({ account: ANNA, password: 'x' })
    return { directory, database, tokens: new FastTokenRows(database) }
  }
  const phone = { account: ANNA, client: 'phone' }

  test('the new token of a client takes the place of the current one when it is used', async (t) => {
    const { tokens } = await start(t)
    const [first, second] = [row(), row({ seed: 'seed-2' })]
    await tokens.put(first, 9)
    assert.equal(await tokens.use(first, { at: 5, count: undefined }), true)
    await tokens.put(second, 9)
    assert.deepEqual(
      (await tokens.list(ANNA)).map(({ slot, seed, used_at }) => [slot, seed, used_at]),
      [
        ['current', 'seed-1', 5],
        ['new', 'seed-2', 1],
      ],
    )
    assert.equal(await tokens.use(second, { at: 6, count: undefined }), true)
    const found = (await tokens.find(phone)).map((each) => ({ ...each }))
    assert.deepEqual(found, [{ ...second, slot: 'current', used_at: 6 }])
    assert.equal(await tokens.use(first, { at: 7, count: undefined }), false)
  })

  test('one that was not used is forgotten for a newer', async (t) => {
    const { tokens } = await start(t)
    await tokens.put(row(), 9)
    await tokens.put(row({ seed: 'seed-2' }), 9)
    assert.deepEqual(
      (await tokens.find(phone)).map(({ seed }) => seed),
      ['seed-2'],
    )
  })

  test('a count is used once, and only upwards', async (t) => {
    const { tokens } = await start(t)
    const current = row({ slot: 'current' })
    await tokens.put(current, 9)
    const use = (count: number) => tokens.use(current, { at: 1, count })
    assert.deepEqual((await Promise.all([use(1), use(1)])).toSorted(), [false, true])
    assert.deepEqual([await use(0), await use(1), await use(2)], [false, false, true])
  })

  test('clients beyond the limit lose theirs, the longest unused first', async (t) => {
    const { tokens } = await start(t)
    for (const [client, used_at] of [
      ['a', 3],
      ['b', 1],
      ['c', 2],
    ] as const) {
      await tokens.put(row({ client, seed: client, used_at }), 2)
    }
    assert.deepEqual(
      (await tokens.list(ANNA)).map(({ client }) => client),
      ['a', 'c'],
    )
  })

  test('they end by themselves, with the client, with a new password, with the account', async (t) => {
    const { tokens, directory, database } = await start(t)
    const others = async () => (await tokens.list(ANNA)).map(({ client }) => client)
    await tokens.put(row(), 9)
    await tokens.put(row({ client: 'tablet', expires_at: 50 }), 9)
    assert.equal(await tokens.removeExpired(50), 1)
    assert.deepEqual(await others(), ['phone'])
    assert.equal(await tokens.remove(phone), true)
    assert.equal(await tokens.remove(phone), false)
    await tokens.put(row(), 9)
    await directory.setPassword(ANNA, 'y')
    assert.deepEqual(await others(), [])
    await tokens.put(row(), 9)
    assert.equal(await removeFastTokens(database.kysely, ANNA), 1)
    await tokens.put(row(), 9)
    await directory.removeUser(ANNA)
    assert.deepEqual(await others(), [])
    await assert.rejects(tokens.put(row(), 9))
  })

  test('are of no use to who is disabled, then or later', async (t) => {
    const { tokens, directory } = await start(t)
    await tokens.put(row(), 9)
    await directory.updateUser(ANNA, { disabled: true })
    assert.deepEqual(await tokens.list(ANNA), [])
    await tokens.put(row(), 9)
    assert.deepEqual(await tokens.find(phone), [])
  })
})

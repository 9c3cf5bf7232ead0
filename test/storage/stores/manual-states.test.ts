import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { ManualStatesTable } from '../../../src/storage/stores/manual-states.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const alice = requireJid('alice@corp.example').bare

eachDatabase((_kind, open) => {
  test('a manual state is put, read back in full, changed and removed', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const states = new ManualStatesTable(database.kysely)
    const lunch = {
      account: alice,
      state: 'away',
      note: 'Lunch',
      since: 5,
      until: 7,
      clear: 'never',
    }
    // SQLite's rows have no prototype.
    const all = async () => (await states.all()).map((row) => ({ ...row }))
    await states.put(lunch)
    assert.deepEqual(await all(), [lunch])
    const gone = { ...lunch, note: null, until: null, clear: 'sign-in' }
    await states.put(gone)
    assert.deepEqual(await all(), [gone])
    await states.remove(alice)
    assert.deepEqual(await all(), [])
  })
})

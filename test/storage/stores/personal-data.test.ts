import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { LastActivityRows } from '../../../src/storage/stores/last-activity.ts'
import { PersonalDataRows } from '../../../src/storage/stores/personal-data.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const alice = requireJid('alice@corp.example').bare

eachDatabase((_kind, open) => {
  test('what a user keeps is put, counted, read and removed, and goes with him', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const rows = new PersonalDataRows(database.kysely)
    const piece = (name: string) => ({ account: alice, kind: 'private', name }) as const
    assert.deepEqual(await rows.others(piece('a')), { count: 0, bytes: 0 })
    await rows.put(piece('a'), '<a/>')
    await rows.put(piece('b'), '<b>1</b>')
    await rows.put(piece('b'), '<b>22</b>')
    await rows.put({ account: alice, kind: 'vcard', name: '' }, '<vCard/>')
    assert.equal(await rows.get(piece('b')), '<b>22</b>')
    assert.deepEqual(await rows.others(piece('a')), { count: 1, bytes: 9 })
    await rows.remove(piece('b'))
    assert.equal(await rows.get(piece('b')), undefined)
    await directory.removeUser(alice)
    assert.equal(await rows.get(piece('a')), undefined)
  })

  test('when somebody left is kept, the last time only', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const rows = new LastActivityRows(database.kysely)
    assert.equal(await rows.get(alice), undefined)
    const nobody = requireJid('nobody@corp.example').bare
    await rows.putAll([
      { account: nobody, leftAt: 5, status: '' },
      { account: alice, leftAt: 5, status: 'Lunch' },
    ])
    assert.deepEqual(await rows.get(alice), { account: alice, leftAt: 5, status: 'Lunch' })
    assert.equal(await rows.get(nobody), undefined)
    const later = { account: alice, leftAt: 1_700_000_000_000, status: '' }
    await rows.putAll([later])
    assert.deepEqual(await rows.get(alice), later)
    await directory.removeUser(alice)
    assert.equal(await rows.get(alice), undefined)
  })
})

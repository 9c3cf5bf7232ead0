import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Administrators } from '../../../src/storage/stores/administrators.ts'
import { eachDatabase } from '../../support/databases.ts'

eachDatabase((_kind, open) => {
  test('administrators are added once, changed and removed', async (t) => {
    const { kysely } = await open(t)
    const store = new Administrators(kysely)
    const admin = { name: 'admin', passwordHash: 'h', role: 'administrator', createdAt: 5 }
    assert.equal(await store.add(admin), true)
    assert.equal(await store.add(admin), false)
    assert.equal(await store.setPassword('admin', 'h2'), true)
    assert.equal(await store.setPassword('other', 'h2'), false)
    assert.equal(await store.signedIn('admin', 9), true)
    const expected = { ...admin, passwordHash: 'h2', lastSignInAt: 9 }
    assert.deepEqual(await store.get('admin'), expected)
    assert.deepEqual(await store.list(), [expected])
    assert.equal(await store.remove('admin'), true)
    assert.equal(await store.get('admin'), undefined)
  })
})

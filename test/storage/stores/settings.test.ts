import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  deleteSetting,
  getSetting,
  initSetting,
  putSetting,
} from '../../../src/storage/stores/settings.ts'
import { eachDatabase } from '../../support/databases.ts'

eachDatabase((_kind, open) => {
  test('settings keep what JSON can say', async (t) => {
    const { kysely } = await open(t)
    const value = { a: [1, 'ü', null], b: false }
    await putSetting(kysely, 'x', { value: 1, now: 1 })
    await putSetting(kysely, 'x', { value, now: 2 })
    assert.deepEqual(await getSetting(kysely, 'x'), value)
    assert.deepEqual(await initSetting(kysely, 'x', { value: 3, now: 3 }), value)
    await deleteSetting(kysely, 'x')
    assert.equal(await getSetting(kysely, 'x'), undefined)
  })
})

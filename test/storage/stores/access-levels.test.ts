import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccessLevels } from '../../../src/storage/stores/access-levels.ts'
import { eachDatabase } from '../../support/databases.ts'

eachDatabase((_kind, open) => {
  test('levels start with Telephony, and are put, changed and removed', async (t) => {
    const levels = new AccessLevels((await open(t)).kysely)
    const telephony = { name: 'Telephony', classes: ['phone'], inverted: false }
    assert.deepEqual(await levels.all(), [telephony])
    const desk = { name: 'Büro', classes: ['calendar', 'enterprise-im'], inverted: true }
    await levels.put(desk)
    assert.deepEqual(await levels.all(), [desk, telephony])
    await levels.put({ ...telephony, classes: [] })
    assert.deepEqual(await levels.all(), [desk, { ...telephony, classes: [] }])
    assert.equal(await levels.remove('Telephony'), true)
    assert.equal(await levels.remove('Telephony'), false)
    assert.deepEqual(await levels.all(), [desk])
  })
})

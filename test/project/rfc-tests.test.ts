import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleRfcsWithTests } from '../../script/docs/rfcs.ts'

test('every RFC of a presence server has a test that names it', () => {
  const without = [...simpleRfcsWithTests()].filter(([, tests]) => tests.length === 0)
  assert.deepEqual(
    without.map(([rfc]) => rfc),
    [],
  )
})

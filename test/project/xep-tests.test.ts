import assert from 'node:assert/strict'
import { test } from 'node:test'
import { servedXepsWithTests } from '../../script/docs/standards.ts'

test('every XEP that is served has a test that names it', () => {
  const without = [...servedXepsWithTests()].filter(([, tests]) => tests.length === 0)
  assert.deepEqual(
    without.map(([xep]) => xep),
    [],
  )
})

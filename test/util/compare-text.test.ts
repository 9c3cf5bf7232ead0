import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareText } from '../../src/util/compare-text.ts'

test('texts are in the order of their code units, in every locale', () => {
  const sorted = ['b', 'é', 'a', 'B', 'ab', '', 'a'].sort(compareText)
  assert.deepEqual(sorted, ['', 'B', 'a', 'a', 'ab', 'b', 'é'])
  assert.equal(compareText('a', 'a'), 0)
})

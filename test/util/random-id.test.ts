import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomId } from '../../src/util/random-id.ts'

test('identifiers are as long as asked for, in the letters asked for', () => {
  assert.match(randomId(8, 'hex'), /^[0-9a-f]{16}$/)
  assert.match(randomId(12, 'base64url'), /^[\w-]{16}$/)
})

test('none comes twice, also where a batch of randomness ends', () => {
  const ids = Array.from({ length: 5_000 }, () => randomId(9, 'base64url'))
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(ids.every((id) => id.length === 12))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderedId, randomId } from '../../src/util/random-id.ts'

test('identifiers are as long as asked for, in the letters asked for', () => {
  assert.match(randomId(8, 'hex'), /^[0-9a-f]{16}$/)
  assert.match(randomId(12, 'base64url'), /^[\w-]{16}$/)
})

test('none comes twice, also where a batch of randomness ends', () => {
  const ids = Array.from({ length: 5_000 }, () => randomId(9, 'base64url'))
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(ids.every((id) => id.length === 12))
})

test('ordered identifiers follow the clock, and are different at one moment', () => {
  const now = Date.UTC(2030, 0, 1)
  assert.ok(orderedId(now) < orderedId(now + 1))
  assert.equal(new Set(Array.from({ length: 1_000 }, () => orderedId(now))).size, 1_000)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isToken } from '../../../src/sip/message/grammar.ts'
import { newBranch, newCallId, newTag } from '../../../src/sip/message/identifiers.ts'

test('tags, branches and Call-IDs are tokens and never the same', () => {
  for (const make of [newTag, newBranch, newCallId]) {
    const made = new Set(Array.from({ length: 100 }, make))
    assert.equal(made.size, 100)
    for (const one of made) assert.ok(isToken(one))
  }
  assert.match(newBranch(), /^z9hG4bK.{16}/)
})

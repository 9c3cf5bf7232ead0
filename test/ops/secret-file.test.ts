import assert from 'node:assert/strict'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { requireSecret } from '../../src/ops/secret-file.ts'
import { OperatorError } from '../../src/util/operator-error.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a secret is made once, for the server’s user alone', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'keys', 'a.key')
  const made = requireSecret(path)
  assert.equal(made.length, 32)
  assert.deepEqual(requireSecret(path), made)
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a file that holds none is replaced', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'a.key')
  writeFileSync(path, 'abc')
  assert.equal(requireSecret(path).length, 32)
})

test('a place that cannot be written to is an operator’s affair', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'a.key')
  mkdirSync(path)
  assert.throws(() => requireSecret(path), OperatorError)
})

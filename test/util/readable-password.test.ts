import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readablePassword } from '../../src/util/readable-password.ts'

it('a generated password is four groups of four letters, and another one each time', () => {
  const some = Array.from({ length: 100 }, readablePassword)
  for (const password of some) assert.match(password, /^([a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$/)
  assert.equal(new Set(some).size, 100)
})

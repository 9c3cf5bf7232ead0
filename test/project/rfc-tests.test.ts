import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleRfcsWithTests } from '../../script/docs/rfcs.ts'

/** Those that are being built. */
const PENDING: ReadonlySet<number> = new Set([
  3515, 3892, 4488, 4660, 4661, 4662, 4826, 4827, 5261, 5262, 5263, 5264, 5367, 5627, 5874, 5875,
  5923, 7118, 7614,
])

test('every RFC of a presence server has a test that names it', () => {
  const without = [...simpleRfcsWithTests()].filter(([, tests]) => tests.length === 0)
  assert.deepEqual(
    without.map(([rfc]) => rfc).filter((rfc) => !PENDING.has(rfc)),
    [],
  )
})

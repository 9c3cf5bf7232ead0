/** XEP-0363: parts of files (RFC 9110 §14). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRange } from '../../../src/xmpp/upload/byte-range.ts'

test('a range is within the file', () => {
  assert.deepEqual(parseRange('bytes=0-4', 10), { start: 0, end: 4 })
  assert.deepEqual(parseRange('bytes=4-', 10), { start: 4, end: 9 })
  assert.deepEqual(parseRange('bytes=4-400', 10), { start: 4, end: 9 })
  assert.deepEqual(parseRange('bytes=-3', 10), { start: 7, end: 9 })
  assert.deepEqual(parseRange('bytes=-30', 10), { start: 0, end: 9 })
  assert.deepEqual(parseRange('Bytes= 9-9', 10), { start: 9, end: 9 })
})

test('one beyond the file cannot be', () => {
  assert.equal(parseRange('bytes=10-', 10), 'unsatisfiable')
  assert.equal(parseRange('bytes=-0', 10), 'unsatisfiable')
})

test('what is no range, or more than one, is all of the file', () => {
  for (const header of [
    undefined,
    '',
    'bytes',
    'bytes=-',
    'bytes=4-3',
    'bytes=0-1,3-4',
    'lines=0-1',
    'bytes=a-b',
    'bytes=1-2-3',
    'bytes=99999999999999999999-',
  ]) {
    assert.equal(parseRange(header, 10), undefined, header)
  }
})

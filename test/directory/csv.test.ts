import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CsvParser, type CsvRecord } from '../../src/directory/csv.ts'

function parse(pieces: Iterable<string>, maxChars?: number): CsvRecord[] {
  const parser = new CsvParser(maxChars)
  const records = [...pieces].flatMap((piece) => [...parser.push(piece)])
  const last = parser.end()
  return last ? [...records, last] : records
}

test('quotes, doubled quotes, breaks within quotes and blank lines are read', () => {
  const records = parse(['a,"b ""x"", y",\r\n\r\n"two\r\nlines",c\n,\nlast'])
  assert.deepEqual(
    records.map(({ line, fields }) => [line, ...fields]),
    [
      [1, 'a', 'b "x", y', ''],
      [3, 'two\r\nlines', 'c'],
      [5, '', ''],
      [6, 'last'],
    ],
  )
  assert.ok(records.every((record) => record.problem === undefined))
})

test('a record with wrong quotes is reported and the next is read', () => {
  const records = parse(['a"b,c\n"a"b,c\nd,e\n"open'])
  assert.deepEqual(
    records.map((record) => record.problem),
    ['BAD_QUOTES', 'BAD_QUOTES', undefined, 'BAD_QUOTES'],
  )
  assert.deepEqual(records[2]?.fields, ['d', 'e'])
})

test('an endless record is cut off, and what follows its line is read', () => {
  const records = parse([`"${'x'.repeat(200)}\nb,c\n${',,,,'.repeat(50)}\nd\n`], 100)
  assert.deepEqual(
    records.map(({ line, problem }) => [line, problem]),
    [
      [1, 'RECORD_TOO_LONG'],
      [2, undefined],
      [3, 'RECORD_TOO_LONG'],
      [4, undefined],
    ],
  )
  assert.ok(records.every(({ fields }) => fields.join().length <= 101))
})

test('what is written by the rules is read back, in pieces of any size', () => {
  const field = fc.oneof(fc.constantFrom('', '"', ',', '\r\n', 'a"b', '\n'), fc.string())
  const record = fc.array(field, { minLength: 2, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(record), fc.integer({ min: 1, max: 9 }), (rows, size) => {
      const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join())
      const text = quoted.map((line) => `${line}\r\n`).join('')
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        text.slice(at * size, (at + 1) * size),
      )
      assert.deepEqual(
        parse(pieces).map(({ fields }) => fields),
        rows,
      )
    }),
  )
})

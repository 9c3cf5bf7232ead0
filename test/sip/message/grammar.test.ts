import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseParams,
  quote,
  serializeParams,
  splitList,
  trimSpace,
  unquote,
} from '../../../src/sip/message/grammar.ts'

test('a list is split at commas outside of quotes and brackets', () => {
  assert.deepEqual(splitList('a, b ,c'), ['a', 'b', 'c'])
  assert.deepEqual(splitList('"x, \\"y" <sip:a,b@c>;p="1,2", <sip:d>'), [
    '"x, \\"y" <sip:a,b@c>;p="1,2"',
    '<sip:d>',
  ])
})

test('a blank list has no elements, and an empty element is kept for whoever refuses it', () => {
  assert.deepEqual(splitList(' \t'), [])
  assert.deepEqual(splitList('a,,b'), ['a', '', 'b'])
  assert.deepEqual(splitList('<sip:a>,'), ['<sip:a>', ''])
})

test('unterminated quotes and brackets take the rest of the list', () => {
  assert.deepEqual(splitList('a, "b, c'), ['a', '"b, c'])
  assert.deepEqual(splitList('a, <b, c'), ['a', '<b, c'])
})

test('parameters have names in any case, quoted and plain values, and none', () => {
  const params = parseParams('; Tag=aB ;lr; x = "a;\\"b" ;h=[2001:db8::1]:5060')
  assert.deepEqual(
    [...(params ?? [])],
    [
      ['tag', 'aB'],
      ['lr', ''],
      ['x', 'a;"b'],
      ['h', '[2001:db8::1]:5060'],
    ],
  )
})

test('malformed and repeated parameters are refused', () => {
  for (const text of [';', ';;a', ';a;;b', ';a=', 'a=b', ';a="b', ';a b', ';tag=1;TAG=2', ';=x']) {
    assert.equal(parseParams(text), undefined, text)
  }
})

test('parameters come out again as they went in', () => {
  const text = ';tag=a;lr;x="a b\\"";h=[::1]'
  assert.equal(serializeParams(parseParams(text) ?? new Map()), text)
})

test('quotes and backslashes are escaped, and undone', () => {
  assert.equal(quote('a"b\\c'), '"a\\"b\\\\c"')
  assert.equal(unquote(quote('a"b\\c')), 'a"b\\c')
  assert.equal(unquote('token'), 'token')
})

test('only spaces and tabs are white space', () => {
  assert.equal(trimSpace(' \ta b\t '), 'a b')
  assert.equal(trimSpace('\u00a0a'), '\u00a0a')
  assert.equal(trimSpace('   '), '')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseAccept,
  parseMediaType,
  parseQ,
  qualityOf,
} from '../../../src/sip/message/media-type.ts'

test('a media type is read in lower case, with its parameters', () => {
  const media = parseMediaType('Multipart/Related; Type="application/rlmi+xml";boundary=x')
  assert.equal(media?.type, 'multipart/related')
  assert.equal(media?.params.get('type'), 'application/rlmi+xml')
  assert.equal(parseMediaType('text'), undefined)
  assert.equal(parseMediaType('text/plain x'), undefined)
})

test('ranges have a quality, and malformed ones are left out', () => {
  const ranges = parseAccept(['application/pidf+xml;q=0.5;version=1', '*/*;q=0', 'junk'])
  assert.equal(ranges.length, 2)
  assert.deepEqual([ranges[0]?.q, ranges[0]?.params.get('version')], [0.5, '1'])
  assert.equal(ranges[0]?.params.has('q'), false)
})

test('the most specific range decides', () => {
  const ranges = parseAccept(['*/*;q=0.1', 'application/*;q=0.5', 'application/pidf+xml'])
  assert.equal(qualityOf(ranges, 'application/pidf+xml'), 1)
  assert.equal(qualityOf(ranges, 'application/xml'), 0.5)
  assert.equal(qualityOf(ranges, 'text/plain'), 0.1)
  assert.equal(qualityOf(parseAccept(['text/plain']), 'text/html'), 0)
})

test('qualities are between zero and one', () => {
  assert.equal(parseQ('0.333'), 0.333)
  assert.equal(parseQ('1.000'), 1)
  for (const text of ['1.1', '2', '-1', '.5', 'x', '']) assert.equal(parseQ(text), undefined, text)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDate, parseDate } from '../../../src/sip/message/sip-date.ts'

test('a date in GMT is read and written', () => {
  const time = Date.UTC(2010, 10, 13, 23, 29, 0)
  assert.equal(parseDate('Sat, 13 Nov 2010 23:29:00 GMT'), time)
  assert.equal(formatDate(time), 'Sat, 13 Nov 2010 23:29:00 GMT')
})

test('other zones, other forms and impossible dates are refused', () => {
  for (const text of [
    'Fri, 01 Jan 2010 16:00:00 EST',
    'Fri, 01 Jan 2010 16:00:00 UTC',
    'Sun, 13 Nov 2010 23:29:00 GMT',
    'Wed, 31 Jun 2010 00:00:00 GMT',
    '2010-11-13T23:29:00Z',
    '',
  ]) {
    assert.equal(parseDate(text), undefined, text)
  }
})

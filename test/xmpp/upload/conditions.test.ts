/** XEP-0363: conditional requests for files (RFC 9110 §13). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failedCondition, isRangeMeant } from '../../../src/xmpp/upload/http/conditions.ts'

const KNOWN = { etag: '"a"', modifiedAt: Date.UTC(2030, 0, 1, 9, 0, 0, 500) }
const AT = 'Tue, 01 Jan 2030 09:00:00 GMT'
const BEFORE = 'Tue, 01 Jan 2030 08:59:59 GMT'

test('what the client has is not sent, what it does not mean is refused', () => {
  const cases: [Record<string, string>, number | undefined][] = [
    [{}, undefined],
    [{ 'if-none-match': '"a"' }, 304],
    [{ 'if-none-match': 'W/"a"' }, 304],
    [{ 'if-none-match': '"b", "a"' }, 304],
    [{ 'if-none-match': '"b"' }, undefined],
    [{ 'if-none-match': '"b"', 'if-modified-since': AT }, undefined],
    [{ 'if-modified-since': AT }, 304],
    [{ 'if-modified-since': BEFORE }, undefined],
    [{ 'if-match': '"a"' }, undefined],
    [{ 'if-match': '*' }, undefined],
    [{ 'if-match': '"b"', 'if-none-match': '"a"' }, 412],
    [{ 'if-match': '"a"', 'if-unmodified-since': BEFORE }, undefined],
    [{ 'if-unmodified-since': BEFORE }, 412],
    [{ 'if-unmodified-since': AT }, undefined],
  ]
  for (const [headers, status] of cases) {
    assert.equal(failedCondition(headers, KNOWN), status, JSON.stringify(headers))
  }
})

test('a range is one of the file that the client knows', () => {
  for (const header of [undefined, '"a"', AT]) assert.ok(isRangeMeant(header, KNOWN), header)
  for (const header of ['"b"', 'W/"a"', BEFORE, 'x'])
    assert.ok(!isRangeMeant(header, KNOWN), header)
})

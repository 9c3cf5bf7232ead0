/** message/sipfrag (RFC 3420) in the bodies of the refer package (RFC 3515 §2.4.5). */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseSipfrag, renderSipfrag } from '../../src/formats/sipfrag.ts'

it('a fragment (RFC 3420) begins with a status line, and is read by it', () => {
  assert.equal(renderSipfrag({ status: 100, reason: 'Trying' }), 'SIP/2.0 100 Trying\r\n')
  assert.deepEqual(parseSipfrag('SIP/2.0 200 OK\r\nWarning: 399 x "y"\r\n'), {
    status: 200,
    reason: 'OK',
  })
  assert.deepEqual(parseSipfrag('SIP/2.0 603'), { status: 603, reason: '' })
})

it('what begins otherwise is no fragment of a response (RFC 3515 §2.4.5)', () => {
  for (const text of ['', 'INVITE sip:a SIP/2.0', 'SIP/2.0 999 No', 'SIP/3.0 200 OK']) {
    assert.equal(parseSipfrag(text), undefined)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipRequest, SipResponse } from '../../../src/sip/message/message.ts'
import { serialize } from '../../../src/sip/message/serializer.ts'

test('a request is written with long names and the length of its body', () => {
  const request = new SipRequest({
    method: 'MESSAGE',
    uri: 'sip:a@b',
    headers: [
      ['t', '<sip:a@b>'],
      ['l', '99'],
      ['X-Y', 'é'],
    ],
    body: 'hé',
  })
  assert.equal(
    serialize(request).toString(),
    'MESSAGE sip:a@b SIP/2.0\r\nTo: <sip:a@b>\r\nX-Y: é\r\nContent-Length: 3\r\n\r\nhé',
  )
})

test('a binary body is written as it is', () => {
  const body = Buffer.from([0, 255, 13, 10])
  const bytes = serialize(new SipResponse({ status: 200, reason: 'OK', body }))
  assert.ok(bytes.subarray(-4).equals(body))
  assert.ok(bytes.toString('latin1').startsWith('SIP/2.0 200 OK\r\nContent-Length: 4\r\n\r\n'))
})

test('nothing that somebody else wrote ends the start line early', () => {
  const request = new SipRequest({ method: 'X', uri: 'sip:a\r\nEvil: 1 SIP/2.0' })
  assert.equal(
    serialize(request).toString().split('\r\n')[0],
    'X sip:a%0D%0AEvil:%201%20SIP/2.0 SIP/2.0',
  )
  const response = new SipResponse({ status: 400, reason: 'a\r\nEvil: 1' })
  assert.equal(serialize(response).toString().split('\r\n')[0], 'SIP/2.0 400 a Evil: 1')
})

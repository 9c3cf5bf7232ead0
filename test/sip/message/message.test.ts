import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipRequest, SipResponse } from '../../../src/sip/message/message.ts'

test('a request takes headers as pairs and a body as text', () => {
  const request = new SipRequest({
    method: 'MESSAGE',
    uri: 'sip:a@b',
    headers: [['t', 'sip:a@b']],
    body: 'hé',
  })
  assert.equal(request.kind, 'request')
  assert.equal(request.headers.get('To'), 'sip:a@b')
  assert.equal(request.body.length, 3)
})

test('headers and body may be left out', () => {
  const response = new SipResponse({ status: 200, reason: 'OK' })
  assert.equal(response.kind, 'response')
  assert.equal(response.headers.size, 0)
  assert.equal(response.body.length, 0)
})

test('a clone has headers of its own', () => {
  const request = new SipRequest({ method: 'OPTIONS', uri: 'sip:b', headers: [['To', 'x']] })
  request.clone().headers.remove('To')
  assert.ok(request.headers.has('To'))
  const response = new SipResponse({ status: 200, reason: 'OK', headers: [['To', 'x']] })
  response.clone().headers.remove('To')
  assert.ok(response.headers.has('To'))
})

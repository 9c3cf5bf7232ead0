import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'

function request(to = '<sip:b@c>'): SipRequest {
  return new SipRequest({
    method: 'SUBSCRIBE',
    uri: 'sip:b@c',
    headers: [
      ['Max-Forwards', '70'],
      ['v', 'SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b'],
      ['v', 'SIP/2.0/UDP c'],
      ['From', '<sip:a@c>;tag=1'],
      ['To', to],
      ['Call-ID', 'x'],
      ['CSeq', '1 SUBSCRIBE'],
      ['Timestamp', '54'],
      ['Contact', '<sip:a@h>'],
    ],
  })
}

test('what identifies the transaction is copied, the rest is not', () => {
  const { headers, reason } = createResponse(request(), 489)
  assert.equal(reason, 'Bad Event')
  assert.deepEqual(headers.getAll('Via'), [
    'SIP/2.0/UDP a;branch=1',
    'SIP/2.0/UDP b',
    'SIP/2.0/UDP c',
  ])
  assert.equal(headers.get('From'), '<sip:a@c>;tag=1')
  assert.equal(headers.get('Call-ID'), 'x')
  assert.equal(headers.get('CSeq'), '1 SUBSCRIBE')
  assert.ok(!headers.has('Contact') && !headers.has('Max-Forwards') && !headers.has('Timestamp'))
})

test('To gets a tag of its own, the one given, or keeps what it has', () => {
  assert.match(createResponse(request(), 200).headers.get('To') ?? '', /^<sip:b@c>;tag=\w{16}$/)
  const given = createResponse(request(), 200, undefined, { toTag: 'mine' })
  assert.equal(given.headers.get('To'), '<sip:b@c>;tag=mine')
  const kept = createResponse(request('<sip:b@c>;tag=old'), 200, undefined, { toTag: 'mine' })
  assert.equal(kept.headers.get('To'), '<sip:b@c>;tag=old')
})

test('a 100 has no tag, and says the time that it was asked with', () => {
  const { headers } = createResponse(request(), 100)
  assert.equal(headers.get('To'), '<sip:b@c>')
  assert.equal(headers.get('Timestamp'), '54')
})

test('headers and body are added', () => {
  const plain = createResponse(request(), 423, 'Too short', [['Min-Expires', '60']])
  assert.equal(plain.reason, 'Too short')
  assert.equal(plain.headers.get('Min-Expires'), '60')
  const full = createResponse(request(), 200, undefined, {
    headers: [['Content-Type', 'text/plain']],
    body: 'hi',
  })
  assert.equal(full.body.toString(), 'hi')
  assert.equal(full.headers.get('Content-Type'), 'text/plain')
})

test('a request that lacks headers is answered with what there is', () => {
  const bare = new SipRequest({ method: 'X', uri: 'sip:b', headers: [['Via', 'SIP/2.0/UDP a']] })
  assert.deepEqual([...createResponse(bare, 400).headers], [['Via', 'SIP/2.0/UDP a']])
})

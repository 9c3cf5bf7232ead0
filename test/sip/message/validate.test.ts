import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipRequest, SipResponse } from '../../../src/sip/message/message.ts'
import {
  unsupportedOptions,
  validateRequest,
  validateResponse,
} from '../../../src/sip/message/validate.ts'

const HEADERS: readonly (readonly [string, string])[] = [
  ['Via', 'SIP/2.0/UDP a;branch=z9hG4bK1'],
  ['From', '<sip:a@b>;tag=1'],
  ['To', '<sip:c@d>'],
  ['Call-ID', 'x@y'],
  ['CSeq', '1 PUBLISH'],
  ['Max-Forwards', '70'],
]

function publish(changes: Record<string, string | undefined> = {}, uri = 'sip:c@d'): SipRequest {
  const request = new SipRequest({ method: 'PUBLISH', uri, headers: HEADERS })
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) request.headers.remove(name)
    else request.headers.set(name, value)
  }
  return request
}

test('a good request passes', () => {
  assert.equal(validateRequest(publish()), undefined)
  assert.equal(
    validateRequest(publish({ Contact: '*', Route: '<sip:p;lr>, <sip:q;lr>' })),
    undefined,
  )
})

test('a request without Max-Forwards or From tag comes from RFC 2543 times and passes', () => {
  assert.equal(validateRequest(publish({ 'Max-Forwards': undefined, From: 'sip:a@b' })), undefined)
})

test('each mandatory header is missed', () => {
  for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
    const refusal = validateRequest(publish({ [name]: undefined }))
    assert.deepEqual(refusal, { status: 400, reason: `Missing ${name}` })
  }
})

test('each malformed header is named', () => {
  for (const [name, value] of [
    ['Via', 'SIP/2.0/UDP a,,'],
    ['From', 'a b'],
    ['To', '<sip:a b@c>'],
    ['Call-ID', 'a b'],
    ['CSeq', '1'],
    ['Max-Forwards', '256'],
    ['Contact', '<sip:a@b'],
    ['Contact', '<sip:a@b:x>'],
    ['Route', '<sip:a>, junk'],
    ['Record-Route', '<sip:a>;;'],
  ] as const) {
    const refusal = validateRequest(publish({ [name]: value }))
    assert.deepEqual(refusal, { status: 400, reason: `Malformed ${name}` })
  }
})

test('a header that must be alone is refused twice', () => {
  const request = publish()
  request.headers.append('Expires', '1').append('expires', '2')
  assert.equal(validateRequest(request)?.reason, 'More than one Expires')
})

test('CSeq names the method of the request', () => {
  assert.equal(validateRequest(publish({ CSeq: '1 INVITE' }))?.status, 400)
})

test('the request-URI is one that we can work on', () => {
  assert.equal(validateRequest(publish({}, 'sip:a@b?x=y'))?.status, 400)
  assert.equal(validateRequest(publish({}, 'sip:'))?.status, 400)
  assert.equal(validateRequest(publish({}, 'mailto:a@b'))?.status, 416)
  for (const uri of ['sips:a@b', 'tel:+12', 'pres:a@b', 'im:a@b']) {
    assert.equal(validateRequest(publish({}, uri)), undefined, uri)
  }
})

test('a response is checked for the same headers', () => {
  const response = new SipResponse({ status: 200, reason: 'OK', headers: HEADERS })
  assert.equal(validateResponse(response), undefined)
  response.headers.remove('CSeq')
  assert.equal(validateResponse(response), 'Missing CSeq')
})

test('required options are compared in any case and named as they came', () => {
  const request = publish({ Require: 'EventList, 100rel' })
  assert.deepEqual(unsupportedOptions(request, new Set(['eventlist'])), ['100rel'])
})

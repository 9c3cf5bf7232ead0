/** RFC 5118: IPv6 in SIP. Where its messages differ only in one header field, that field alone is here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSipDatagram } from '../../../src/sip/message/parser.ts'
import { parseSipUri, serializeUri } from '../../../src/sip/message/uri.ts'
import { validateRequest } from '../../../src/sip/message/validate.ts'
import { parseNameAddr, parseVia, serializeVia } from '../../../src/sip/message/values.ts'

function register(uri: string, ...more: readonly string[]) {
  const text = [
    `REGISTER ${uri} SIP/2.0`,
    'To: sip:user@example.com',
    'From: sip:user@example.com;tag=81x2',
    'Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
    'Call-ID: SSG9559905523997077@hlau_4100',
    'Max-Forwards: 70',
    'Contact: "Caller" <sip:caller@[2001:db8::1]>',
    'CSeq: 98176 REGISTER',
    ...more,
    'Content-Length: 0',
  ]
  const result = parseSipDatagram(Buffer.from(`${text.join('\r\n')}\r\n\r\n`))
  assert.ok(result.kind === 'message' && result.message.kind === 'request')
  return result.message
}

test('4.1: an IPv6 reference in the request-URI is valid', () => {
  const request = register('sip:[2001:db8::10]')
  assert.equal(validateRequest(request), undefined)
  assert.equal(parseSipUri(request.uri)?.host, '2001:db8::10')
  assert.equal(parseVia(request.headers.get('Via') ?? '')?.host, '2001:db8::9:1')
})

test('4.2: an IPv6 address without brackets is refused', () => {
  assert.equal(validateRequest(register('sip:2001:db8::10'))?.status, 400)
})

test('4.3: what looks like a port within the brackets is part of the address', () => {
  const uri = parseSipUri('sip:[2001:db8::10:5070]')
  assert.equal(uri?.host, '2001:db8::10:5070')
  assert.equal(uri?.port, undefined)
})

test('4.4: a port after the brackets is a port', () => {
  const uri = parseSipUri('sip:[2001:db8::10]:5070')
  assert.equal(uri?.host, '2001:db8::10')
  assert.equal(uri?.port, 5070)
  assert.equal(uri && serializeUri(uri), 'sip:[2001:db8::10]:5070')
})

test('4.5: received is accepted with and without brackets', () => {
  const bracketed = parseVia(
    'SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3',
  )
  assert.equal(bracketed?.params.get('received'), '[2001:db8::9:255]')
  const plain = parseVia('SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3')
  assert.equal(plain?.params.get('received'), '2001:db8::9:255')
  assert.equal(
    plain && serializeVia(plain),
    'SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3',
  )
})

test('4.7: IPv4 and IPv6 mix in one message', () => {
  const request = register(
    'sip:user@example.com',
    'Via: SIP/2.0/UDP 192.0.2.1;received=2001:db8::9:255',
    'Via: SIP/2.0/TCP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111',
  )
  assert.equal(validateRequest(request), undefined)
  assert.deepEqual(
    request.headers.getAll('Via').map((via) => parseVia(via)?.port),
    [undefined, undefined, 6050],
  )
})

test('4.9: IPv4-mapped addresses are addresses', () => {
  const via = parseVia('SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19')
  assert.equal(via?.host, '::ffff:192.0.2.10')
  assert.equal(via?.port, 19823)
  const contact = parseNameAddr('"T. desk phone" <sip:ted@[::ffff:192.0.2.2]>')
  assert.equal(parseSipUri(contact?.uri ?? '')?.host, '::ffff:192.0.2.2')
})

test('4.10: a third colon before an embedded IPv4 address is tolerated, and nowhere else', () => {
  assert.equal(parseSipUri('sip:user@[2001:db8:::192.0.2.1]')?.host, '2001:db8::192.0.2.1')
  assert.equal(parseSipUri('sip:user@[2001:db8::192.0.2.1]')?.host, '2001:db8::192.0.2.1')
  assert.equal(parseSipUri('sip:user@[2001:db8:::1]'), undefined)
})

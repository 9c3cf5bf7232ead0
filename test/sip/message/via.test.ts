import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { parseVia, serializeVia, topVia } from '../../../src/sip/message/via.ts'

test('transport, sent-by and parameters are read', () => {
  const via = parseVia('SIP/2.0/udp Host.Example.com:5070;rport;Branch=z9hG4bKx;received=192.0.2.1')
  assert.equal(via?.transport, 'UDP')
  assert.equal(via?.host, 'host.example.com')
  assert.equal(via?.port, 5070)
  assert.equal(via?.params.get('rport'), '')
  assert.equal(via?.params.get('branch'), 'z9hG4bKx')
  assert.equal(via?.params.get('received'), '192.0.2.1')
})

test('white space may stand around slashes, colon and semicolons', () => {
  const via = parseVia('SIP / 2.0 /TLS\t[2001:db8::1] : 5061 ; branch = z9hG4bKy')
  assert.deepEqual(
    [via?.transport, via?.host, via?.port, via?.params.get('branch')],
    ['TLS', '2001:db8::1', 5061, 'z9hG4bKy'],
  )
})

test('malformed values are refused', () => {
  for (const text of [
    '',
    'SIP/2.0 host',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ',
    'SIP/2.0/UDP a b',
    'SIP/2.0/UDP a;',
    'SIP/2.0/U@P a',
    'SIP/2.0/UDP a:x',
  ]) {
    assert.equal(parseVia(text), undefined, text)
  }
})

test('the top Via is the first value of the first field', () => {
  const headers = [
    ['Via', 'SIP/2.0/TCP a;branch="x,y", SIP/2.0/UDP b'],
    ['Via', 'SIP/2.0/UDP c'],
  ] as const
  assert.equal(topVia(new SipRequest({ method: 'A', uri: 'sip:b', headers }))?.host, 'a')
  assert.equal(topVia(new SipRequest({ method: 'A', uri: 'sip:b' })), undefined)
})

test('a Via is written as it was read', () => {
  const text = 'SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bKx;rport'
  const via = parseVia(text)
  assert.equal(via && serializeVia(via), text)
})

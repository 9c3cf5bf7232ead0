import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SipMessage } from '../../../src/sip/message/message.ts'
import { DATAGRAM_LIMITS, parseSipDatagram, type Refused } from '../../../src/sip/message/parser.ts'

const HEAD = 'MESSAGE sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n'

function parsed(text: string | Buffer): SipMessage {
  const result = parseSipDatagram(Buffer.from(text))
  assert.ok(result.kind === 'message', JSON.stringify(result))
  return result.message
}

function refused(text: string | Buffer, limits = DATAGRAM_LIMITS): Refused {
  const result = parseSipDatagram(Buffer.from(text), limits)
  assert.ok(result.kind === 'refused', result.kind)
  return result
}

test('folded headers are one line, with one space at each fold', () => {
  const { headers } = parsed(`${HEAD}Subject: a\r\n \t b\r\n\tc\r\ns:\r\n \r\n\r\n`)
  assert.deepEqual(headers.getRaw('Subject'), ['a b c', ''])
})

test('spaces before the colon are allowed, other characters are not', () => {
  assert.equal(parsed(`${HEAD}Subject \t: x\r\n\r\n`).headers.get('Subject'), 'x')
  for (const line of ['Sub ject: x', 'no colon', ': x', 'S\u00e9: x']) {
    assert.equal(refused(`${HEAD}${line}\r\n\r\n`).status, 400, line)
  }
})

test('white space before the first header is refused', () => {
  assert.equal(refused('MESSAGE sip:b@c SIP/2.0\r\n Via: SIP/2.0/UDP a\r\n\r\n').status, 400)
})

test('a bare CR or LF is refused', () => {
  assert.equal(refused(`${HEAD}Subject: a\nEvil: b\r\n\r\n`).status, 400)
  assert.equal(refused(`${HEAD}Subject: a\rEvil: b\r\n\r\n`).status, 400)
  assert.equal(refused(`${HEAD}Subject: a\r\n b\nc\r\n\r\n`).status, 400)
})

test('a body ends with its length, or with the datagram', () => {
  assert.equal(parsed(`${HEAD}l: 2\r\n\r\nabcd`).body.toString(), 'ab')
  assert.equal(parsed(`${HEAD}\r\nabcd`).body.toString(), 'abcd')
})

test('empty lines before the message are ignored', () => {
  assert.equal(parsed(`\r\n\r\n${HEAD}\r\n`).headers.get('Via'), 'SIP/2.0/UDP a')
})

test('a datagram without an empty line is refused', () => {
  assert.equal(refused(HEAD).reason, 'No empty line after the headers')
})

test('invalid UTF-8 is refused in the start line and replaced in headers', () => {
  const bytes = Buffer.from(`MESSAGE sip:\xff@c SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n`, 'latin1')
  assert.equal(refused(bytes).reason, 'Start line is not UTF-8')
  const fine = Buffer.from(`${HEAD}Subject: \xff\r\n\r\n`, 'latin1')
  assert.equal(parsed(fine).headers.get('Subject'), '\ufffd')
  assert.equal(parsed('SIP/2.0 200 \ufffd\r\nVia: SIP/2.0/UDP a\r\n\r\n').kind, 'response')
})

test('a refusal carries the headers for an answer', () => {
  const { request } = refused(
    'MESSAGE  sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: x\r\njunk\r\ni: 5\r\n\r\n',
  )
  assert.equal(request?.method, 'MESSAGE')
  assert.equal(request?.headers.get('Call-ID'), '5')
})

test('what must not or cannot be answered is refused without a request', () => {
  assert.equal(refused('ACK  sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n').request, undefined)
  assert.equal(refused('MESSAGE  sip:b@c SIP/2.0\r\nFrom: x\r\n\r\n').request, undefined)
  assert.equal(refused('SIP/2.0 999 x\r\nVia: SIP/2.0/UDP a\r\n\r\n').request, undefined)
  assert.equal(refused('GET / HTTP/1.1\r\nVia: x\r\n\r\n').request, undefined)
  assert.equal(refused(Buffer.alloc(20)).request, undefined)
})

test('limits are 513: line, number of headers, whole message', () => {
  const limits = { ...DATAGRAM_LIMITS, maxLineLength: 100, maxHeaders: 5, maxMessageBytes: 1000 }
  const long = refused(`${HEAD}Subject: ${'x'.repeat(100)}\r\n\r\n`, limits)
  assert.equal(long.status, 513)
  assert.ok(long.request)
  assert.equal(refused(`${HEAD}Subject: x\r\n ${'x'.repeat(100)}\r\n\r\n`, limits).status, 513)
  assert.equal(refused(`${HEAD}${'A: b\r\n'.repeat(9)}\r\n`, limits).status, 513)
  assert.equal(refused(`${HEAD}\r\n${'x'.repeat(1000)}`, limits).status, 513)
})

test('keep-alives are no messages', () => {
  assert.deepEqual(parseSipDatagram(Buffer.from('\r\n\r\n')), { kind: 'ping' })
  assert.deepEqual(parseSipDatagram(Buffer.from('\r\n')), { kind: 'pong' })
  assert.deepEqual(parseSipDatagram(Buffer.alloc(0)), { kind: 'pong' })
})

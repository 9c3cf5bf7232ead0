import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ParseResult } from '../../../src/sip/message/parser.ts'
import { SipStreamParser } from '../../../src/sip/message/stream-parser.ts'

const ONE = 'MESSAGE sip:b@c SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nl: 5\r\n\r\nhello'
const TWO = 'SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a\r\nContent-Length: 0\r\n\r\n'

function push(parser: SipStreamParser, text: string): ParseResult[] {
  return parser.push(Buffer.from(text, 'latin1'))
}

function kinds(results: readonly ParseResult[]): string[] {
  return results.map(({ kind }) => kind)
}

test('messages that come at once are given in order', () => {
  const results = push(new SipStreamParser(), ONE + TWO + ONE)
  assert.deepEqual(
    results.map((result) => result.kind === 'message' && result.message.kind),
    ['request', 'response', 'request'],
  )
})

test('messages are the same wherever they are cut', () => {
  const text = `\r\n\r\n${ONE}\r\n${TWO}\r\n\r\n${ONE}`
  for (let cut = 0; cut <= text.length; cut += 1) {
    const parser = new SipStreamParser()
    const results = [...push(parser, text.slice(0, cut)), ...push(parser, text.slice(cut))]
    assert.deepEqual(kinds(results), ['ping', 'message', 'message', 'ping', 'message'], `${cut}`)
    assert.equal(parser.buffered, 0)
  }
})

test('bytes that come one by one make the same messages', () => {
  const parser = new SipStreamParser()
  const results = [...(ONE + ONE)].flatMap((char) => push(parser, char))
  const bodies = results.map((result) => result.kind === 'message' && `${result.message.body}`)
  assert.deepEqual(bodies, ['hello', 'hello'])
})

test('a body stays as it is while the stream goes on', () => {
  const parser = new SipStreamParser()
  push(parser, ONE.slice(0, 20))
  const [first] = push(parser, `${ONE.slice(20)}MESS`)
  push(parser, 'X'.repeat(500))
  assert.equal(first?.kind === 'message' && first.message.body.toString(), 'hello')
})

test('a single CRLF is a pong only where one is expected', () => {
  const parser = new SipStreamParser()
  assert.deepEqual(kinds(push(parser, '\r\n')), [])
  assert.deepEqual(kinds(push(parser, '\r\n')), ['ping'])
  parser.expectPong()
  assert.deepEqual(kinds(push(parser, '\r\n')), ['pong'])
  parser.expectPong()
  assert.deepEqual(kinds(push(parser, `\r\n\r\n\r\n${TWO}`)), ['pong', 'ping', 'message'])
})

test('a malformed message with a length is refused, and the stream goes on', () => {
  const bad = ONE.replace('sip:b@c', '<sip:b@c>')
  const results = push(new SipStreamParser(), bad + TWO)
  assert.deepEqual(kinds(results), ['refused', 'message'])
  assert.ok(results[0]?.kind === 'refused' && results[0].request)
})

test('without a usable length the message is refused and the stream is over', () => {
  for (const length of ['', 'l: x\r\n', 'l: -1\r\n', 'l: 5\r\nl: 5\r\n']) {
    const parser = new SipStreamParser()
    const results = push(parser, ONE.replace('l: 5\r\n', length))
    assert.deepEqual(kinds(results), ['refused', 'fatal'], length)
    assert.ok(results[0]?.kind === 'refused' && results[0].status === 400)
    assert.deepEqual(push(parser, TWO), [])
    assert.equal(parser.buffered, 0)
  }
})

test('a body over the limit is refused with 413 before it comes', () => {
  const parser = new SipStreamParser({ maxMessageBytes: 1000 })
  const results = push(parser, ONE.replace('l: 5', 'l: 1001').replace('hello', ''))
  assert.deepEqual(kinds(results), ['refused', 'fatal'])
  assert.ok(results[0]?.kind === 'refused' && results[0].status === 413)
})

test('headers without end are cut off at the limit', () => {
  const parser = new SipStreamParser({ maxHeadBytes: 1000 })
  assert.deepEqual(kinds(push(parser, 'MESSAGE sip:b@c SIP/2.0\r\n')), [])
  assert.deepEqual(kinds(push(parser, 'x'.repeat(1000))), ['fatal'])
})

test('another protocol ends the stream', () => {
  assert.deepEqual(kinds(push(new SipStreamParser(), 'GET / HTTP/1.1\r\n\r\n')), ['fatal'])
  assert.deepEqual(kinds(push(new SipStreamParser(), '\rX')), ['fatal'])
  assert.deepEqual(kinds(push(new SipStreamParser(), '\n')), ['fatal'])
})

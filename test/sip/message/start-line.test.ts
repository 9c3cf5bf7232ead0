import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStartLine } from '../../../src/sip/message/start-line.ts'

test('a request line has method, URI and version', () => {
  const line = parseStartLine('PUBLISH sip:a@b sip/2.0')
  assert.deepEqual(line, { kind: 'request', method: 'PUBLISH', uri: 'sip:a@b', problem: undefined })
})

test('a status line has code and reason, which may be empty', () => {
  const line = parseStartLine('SIP/2.0 202 Accepted here')
  assert.deepEqual(line, {
    kind: 'response',
    status: 202,
    reason: 'Accepted here',
    problem: undefined,
  })
  assert.equal(parseStartLine('SIP/2.0 100').problem, undefined)
})

test('what is wrong in a request line is told, with its method', () => {
  for (const text of [
    'PUBLISH  sip:a@b SIP/2.0',
    'PUBLISH sip:a@b SIP/2.0 ',
    'PUBLISH SIP/2.0',
    'PUB@LISH sip:a@b SIP/2.0',
    'PUBLISH <sip:a@b> SIP/2.0',
    'PUBLISH sip:a b SIP/2.0',
  ]) {
    const line = parseStartLine(text)
    assert.equal(line.kind, 'request', text)
    assert.equal(line.problem?.status, 400, text)
  }
  assert.equal(parseStartLine('PUBLISH sip:a@b SIP/3.0').problem?.status, 505)
})

test('what is wrong in a status line is told', () => {
  for (const text of [
    'SIP/2.0 99 x',
    'SIP/2.0 700 x',
    'SIP/2.0 099 x',
    'SIP/3.0 200 OK',
    'SIP/2.0',
    'SIP/2.0 2000 x',
  ]) {
    assert.equal(parseStartLine(text).kind, 'response', text)
    assert.ok(parseStartLine(text).problem, text)
  }
})

test('other protocols are not SIP at all', () => {
  for (const text of ['GET / HTTP/1.1', '', 'hello', '\x16\x03\x01']) {
    assert.equal(parseStartLine(text).kind, 'unknown', text)
  }
})

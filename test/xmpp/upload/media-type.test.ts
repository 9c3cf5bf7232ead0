/** XEP-0363: types of files, and what browsers may do with each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  dispositionOf,
  isOneOf,
  parseMediaType,
  servedType,
} from '../../../src/xmpp/upload/media-type.ts'

test('a type is the same however it is written', () => {
  const cases: [string, string][] = [
    ['image/png', 'image/png'],
    [' Image/PNG ', 'image/png'],
    ['text/plain;charset=utf-8', 'text/plain; charset=utf-8'],
    ['text/plain ; Charset="utf-8"', 'text/plain; charset=utf-8'],
    ['a/b; x="a;b\\"c"', 'a/b; x="a;b\\"c"'],
    ['application/vnd.oasis.opendocument.text', 'application/vnd.oasis.opendocument.text'],
  ]
  for (const [given, text] of cases) assert.equal(parseMediaType(given)?.text, text, given)
})

test('what could break a header is no type', () => {
  for (const given of [
    '',
    'image',
    'image/',
    '/png',
    'image/png/x',
    'image/png;',
    'image/png\r\nX-Evil: 1',
    'image/png; a=b\nc',
    'image/png; a="\u0007"',
    'imagé/png',
    'image/png, text/html',
    `image/${'x'.repeat(300)}`,
    `a/b${'; a=b'.repeat(60)}`,
  ]) {
    assert.equal(parseMediaType(given), undefined, JSON.stringify(given))
  }
})

test('types are listed by themselves and by family', () => {
  assert.ok(isOneOf('image/png', ['text/plain', 'image/png']))
  assert.ok(isOneOf('image/png', ['image/*']))
  assert.ok(!isOneOf('image/png', ['video/*', 'image/jpeg']))
  assert.ok(!isOneOf('imagex/png', ['image/*']))
})

test('browsers show what cannot run, and nothing else', () => {
  for (const type of ['image/png', 'image/jpeg', 'video/mp4', 'audio/ogg', 'text/plain']) {
    assert.equal(dispositionOf(type), 'inline', type)
  }
  for (const type of [
    'image/svg+xml',
    'text/html',
    'application/xhtml+xml',
    'text/xml',
    'application/pdf',
    'text/javascript',
    'application/octet-stream',
    'model/x-unknown',
  ]) {
    assert.equal(dispositionOf(type), 'attachment', type)
  }
})

test('what other pages might run or load is served as bytes', () => {
  for (const type of [
    'text/javascript',
    'application/javascript; charset=utf-8',
    'application/x-javascript',
    'text/javascript1.5',
    'text/ecmascript',
    'text/css',
    'application/wasm',
    'multipart/x-mixed-replace; boundary=x',
    'message/rfc822',
  ]) {
    assert.equal(servedType(type), 'application/octet-stream', type)
  }
  for (const type of ['image/svg+xml', 'text/html', 'image/png', 'text/plain; charset=latin1']) {
    assert.equal(servedType(type), type)
  }
  assert.equal(servedType('text/plain'), 'text/plain; charset=utf-8')
})

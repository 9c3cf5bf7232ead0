import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeUri, unescapeUri } from '../../../src/sip/message/uri-escapes.ts'

test('escapes are undone once, as UTF-8', () => {
  assert.equal(unescapeUri('%61%25%34%31'), 'a%41')
  assert.equal(unescapeUri('caf%C3%A9'), 'café')
})

test('bytes that are not UTF-8 survive the way there and back', () => {
  const text = unescapeUri('x%FFy%C3')
  assert.equal(text.length, 4)
  assert.equal(escapeUri(text, 'user'), 'x%FFy%C3')
})

test('each part escapes what it must not have', () => {
  assert.equal(escapeUri('a;b?c/d', 'user'), 'a;b?c/d')
  assert.equal(escapeUri('a;b?c/d', 'password'), 'a%3Bb%3Fc%2Fd')
  assert.equal(escapeUri('a;b?c/d', 'param'), 'a%3Bb%3Fc/d')
  assert.equal(escapeUri('a;b?c/d', 'header'), 'a%3Bb?c/d')
  assert.equal(escapeUri('😀', 'user'), '%F0%9F%98%80')
})

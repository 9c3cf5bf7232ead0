import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preparePassword } from '../../src/directory/passwords.ts'

test('the examples of RFC 4013 §3 come out as they say', () => {
  assert.equal(preparePassword('I\u00adX'), 'IX')
  assert.equal(preparePassword('user'), 'user')
  assert.equal(preparePassword('USER'), 'USER')
  assert.equal(preparePassword('\u00aa'), 'a')
  assert.equal(preparePassword('\u2168'), 'IX')
  assert.equal(preparePassword('\u0007'), undefined)
  assert.equal(preparePassword('\u0627\u0031'), undefined)
})

test('spaces of every kind are one kind', () => {
  assert.equal(preparePassword('a\u00a0b\u3000c d'), 'a b c d')
})

test('right-to-left text is taken where it is one direction', () => {
  assert.equal(preparePassword('שלום'), 'שלום')
  assert.equal(preparePassword('שלabcום'), undefined)
  assert.equal(preparePassword('ا1ب'), 'ا1ب')
})

test('empty, huge and unprintable passwords are refused', () => {
  for (const text of ['', '\u00ad', 'x'.repeat(1_025), 'é'.repeat(600), '\ud800', 'a\u202eb']) {
    assert.equal(preparePassword(text), undefined, JSON.stringify(text.slice(0, 10)))
  }
  assert.equal(preparePassword('🔑 Schlüssel'), '🔑 Schlüssel')
})

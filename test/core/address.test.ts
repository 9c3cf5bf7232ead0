import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  bareJid,
  domainOf,
  localOf,
  parseJid,
  requireJid,
  withResource,
} from '../../src/core/address.ts'

describe('an address', () => {
  it('falls into local, domain and resource at the first at sign and slash', () => {
    const jid = requireJid('juliet@example.com/balcony/left@night')
    assert.equal(jid.local, 'juliet')
    assert.equal(jid.domain, 'example.com')
    assert.equal(jid.resource, 'balcony/left@night')
    assert.equal(jid.bare, 'juliet@example.com')
    assert.equal(jid.full, 'juliet@example.com/balcony/left@night')
  })

  for (const [written, prepared] of [
    ['Juliet@Example.COM', 'juliet@example.com'],
    ['JÜRGEN@example.com', 'jürgen@example.com'],
    ['ju\u0308rgen@example.com', 'jürgen@example.com'],
    ['ａｌｉｃｅ@example.com', 'alice@example.com'],
    ['example.com.', 'example.com'],
    ['a@xn--bcher-kva.example', 'a@bücher.example'],
    ['a@[2001:DB8::1]', 'a@[2001:db8::1]'],
    ['a@b/Mixed Case', 'a@b/Mixed Case'],
    ['a@b/non\u00a0breaking', 'a@b/non breaking'],
    ['+15551234567@example.com', '+15551234567@example.com'],
  ] as const) {
    it(`is prepared: ${JSON.stringify(written)} is ${prepared}`, () => {
      assert.equal(parseJid(written)?.full, prepared)
    })
  }

  for (const bad of [
    '',
    '@example.com',
    'a@',
    'a@b/',
    '/resource',
    'a b@example.com',
    'a"b@example.com',
    "o'neil@example.com",
    'a&b@example.com',
    'a:b@example.com',
    'a<b@example.com',
    'a@b@c',
    'a@-b.example',
    'a@b..example',
    'a@exam ple.com',
    'a@b/\u0000',
    'a@b/\u200b',
    '\u265a@example.com',
    'henry\u2163@example.com',
    `${'a'.repeat(1024)}@example.com`,
    `a@b/${'r'.repeat(1024)}`,
    'a'.repeat(100_000),
  ]) {
    it(`is refused: ${JSON.stringify(bad.slice(0, 40))}`, () => {
      assert.equal(parseJid(bad), undefined)
    })
  }

  it('is the same after it is prepared again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const jid = parseJid(text)
        if (jid) assert.equal(parseJid(jid.full)?.full, jid.full)
      }),
      { numRuns: 3000 },
    )
  })

  it('is put together from parts only where the parts are valid', () => {
    assert.equal(bareJid('Alice', 'Example.com'), 'alice@example.com')
    assert.equal(bareJid('', 'example.com'), 'example.com')
    assert.equal(bareJid('a/b', 'example.com'), undefined)
    const alice = requireJid('alice@example.com').bare
    assert.equal(withResource(alice, 'desk')?.full, 'alice@example.com/desk')
    assert.equal(withResource(alice, ''), undefined)
    assert.equal(localOf(alice), 'alice')
    assert.equal(domainOf(alice), 'example.com')
    assert.equal(localOf(requireJid('example.com').bare), '')
  })
})

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { hmac } from '../../../src/xmpp/sasl/hmac.ts'

test('HMAC-SHA-1 has the value that RFC 2202 §3 gives', () => {
  assert.equal(
    hmac('sha1', Buffer.from('Jefe'), 'what do ya want for nothing?').toString('hex'),
    'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  )
})

test('HMAC has the value that OpenSSL computes, for every hash, key and text', () => {
  const digest = fc.constantFrom('sha1', 'sha256', 'sha512')
  fc.assert(
    fc.property(
      digest,
      fc.uint8Array({ maxLength: 64 }),
      fc.string({ unit: 'grapheme' }),
      (name, bytes, text) => {
        const key = Buffer.from(bytes)
        assert.deepEqual(hmac(name, key, text), createHmac(name, key).update(text).digest())
      },
    ),
  )
})

test('a key longer than the block is a mistake of the caller', () => {
  assert.throws(() => hmac('sha256', Buffer.alloc(65), ''), RangeError)
})

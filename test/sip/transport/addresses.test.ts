import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isNumericHost,
  localAddressTowards,
  normalizeHost,
  uriHost,
} from '../../../src/sip/transport/addresses.ts'

test('a host has one spelling', () => {
  assert.equal(normalizeHost('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(normalizeHost('[2001:DB8:0::1]'), '2001:db8::1')
  assert.equal(normalizeHost('fe80::1%eth0'), 'fe80::1')
  assert.equal(normalizeHost('SIP.Example.COM'), 'sip.example.com')
  assert.equal(isNumericHost('[::1]'), true)
  assert.equal(isNumericHost('1.2.3'), false)
  assert.equal(uriHost('2001:db8::1'), '[2001:db8::1]')
})

test('the kernel says at once from where a peer is reached', () => {
  assert.equal(localAddressTowards('127.0.0.1'), '127.0.0.1')
  assert.equal(localAddressTowards('::1'), '::1')
})

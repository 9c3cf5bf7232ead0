import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrustedPeers } from '../../../src/sip/auth/trusted-peers.ts'

const peers = new TrustedPeers(['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', 'proxy.example.com'])

test('peers are trusted by address and by network, IPv4 and IPv6', () => {
  assert.equal(peers.trusts('192.0.2.7', []), true)
  assert.equal(peers.trusts('192.0.2.8', []), false)
  assert.equal(peers.trusts('10.255.0.1', []), true)
  assert.equal(peers.trusts('2001:db8:1::1', []), true)
  assert.equal(peers.trusts('2001:db9::1', []), false)
})

test('peers are trusted by the name that their certificate proves, and by no part of it', () => {
  assert.equal(peers.trusts('198.51.100.1', ['proxy.example.com']), true)
  assert.equal(peers.trusts('198.51.100.1', ['evil.proxy.example.com', 'example.com']), false)
})

test('what is neither address, network nor name is refused at start', () => {
  for (const entry of ['10.0.0.0/33', 'a b', '', 'sip:proxy.example.com']) {
    assert.throws(() => new TrustedPeers([entry]), RangeError)
  }
})

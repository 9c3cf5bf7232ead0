import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseSipUri } from '../../../src/sip/message/uri.ts'
import { ownAddresses } from './support.ts'

const OURS = [
  'sip:example.com',
  'sip:alice@example.com:5080',
  'sip:192.0.2.1',
  'sip:192.0.2.1:5060;transport=tcp',
  'sip:192.0.2.1;transport=tls',
  'sips:192.0.2.1',
  'sip:192.0.2.1:5061',
]
const OTHERS = [
  'sip:example.org',
  'sip:sub.example.com',
  'sip:192.0.2.2',
  'sip:192.0.2.1:5070',
  'tel:+123',
]

function isOurs(text: string, own = ownAddresses()): boolean {
  const uri = parseSipUri(text)
  return uri !== undefined && own.isOurs(uri)
}

describe('a URI that names us (RFC 3261 §16.4)', () => {
  for (const uri of OURS) test(`is ${uri}`, () => assert.equal(isOurs(uri), true))
  for (const uri of OTHERS) test(`is not ${uri}`, () => assert.equal(isOurs(uri), false))

  test('may have the name or address that others are told', () => {
    const own = ownAddresses({ advertise: 'sip.example.net' })
    assert.equal(isOurs('sip:sip.example.net', own), true)
    assert.equal(isOurs('sip:sip.example.net:5061;transport=tls', own), true)
    assert.equal(isOurs('sip:sip.example.net:9999', own), false)
    assert.equal(isOurs('sip:203.0.113.7:5060', ownAddresses({ advertise: '203.0.113.7' })), true)
  })

  test('has any address of this machine where we listen at all of them', () => {
    const own = ownAddresses({ host: '0.0.0.0' })
    assert.equal(isOurs('sip:127.0.0.1', own), true)
    assert.equal(isOurs('sip:192.0.2.1', own), false)
  })
})

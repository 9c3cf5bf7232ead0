/** RFC 3325 §5, §7, §9. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipHeaders } from '../../../src/sip/message/message.ts'
import { type Assertion, assertIdentity } from '../../../src/sip/proxy/asserted-identity.ts'

const CLAIMED: [string, string][] = [
  ['P-Asserted-Identity', '<sip:boss@example.com>'],
  ['P-Preferred-Identity', '<sip:boss@example.com>'],
]

function outcome(given: Partial<Assertion>, ...more: [string, string][]): SipHeaders {
  const headers = new SipHeaders([...CLAIMED, ...more])
  assertIdentity(headers, { isVouched: false, proven: undefined, staysInside: false, ...given })
  return headers
}

const asserted = (headers: SipHeaders) => headers.getAll('P-Asserted-Identity')

describe('P-Asserted-Identity', () => {
  test('of somebody who is not trusted goes no further (RFC 3325 §5)', () => {
    assert.deepEqual(asserted(outcome({})), [])
  })

  test('of a user who has proven himself is what he has proven', () => {
    const proven = 'sip:alice@example.com'
    assert.deepEqual(asserted(outcome({ proven })), [`<${proven}>`])
  })

  test('of a trusted peer stays as it is', () => {
    assert.deepEqual(asserted(outcome({ isVouched: true })), ['<sip:boss@example.com>'])
  })

  test('stays within the trusted network where that is wished (RFC 3325 §7)', () => {
    const wish: [string, string] = ['Privacy', 'header;id']
    assert.deepEqual(asserted(outcome({ isVouched: true }, wish)), [])
    const inside = outcome({ isVouched: true, staysInside: true }, wish)
    assert.deepEqual(asserted(inside), ['<sip:boss@example.com>'])
  })

  test('comes without P-Preferred-Identity (RFC 3325 §9.2)', () => {
    assert.equal(outcome({ isVouched: true }).has('P-Preferred-Identity'), false)
  })
})

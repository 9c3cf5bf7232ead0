/** What a REFER asks for (RFC 3515 §2.4.2, RFC 3892, RFC 4488, RFC 7614). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import { parseRefer } from '../../../src/sip/refer/refer-request.ts'
import { sipRequest } from '../events/support.ts'

const TO_CAROL = ['Refer-To', '<sip:carol@example.com;method=MESSAGE?body=Hi>'] as const

function demand(...headers: (readonly [string, string])[]) {
  return parseRefer(sipRequest('REFER', { headers }))
}

function refused(status: number, ...headers: (readonly [string, string])[]) {
  assert.throws(
    () => demand(...headers),
    (error) => error instanceof SipError && error.status === status,
    JSON.stringify(headers),
  )
}

describe('a REFER', () => {
  it('has exactly one Refer-To (RFC 3515 §2.4.2)', () => {
    refused(400)
    refused(400, TO_CAROL, TO_CAROL)
    refused(400, ['Refer-To', 'carol'])
    assert.equal(demand(TO_CAROL).target.user, 'carol')
    assert.equal(demand(['r', '<sip:carol@example.com>']).target.user, 'carol')
  })

  it('means the method in the URI, or INVITE (RFC 3261 §19.1.1)', () => {
    assert.equal(demand(TO_CAROL).method, 'MESSAGE')
    assert.equal(demand(['Refer-To', 'sip:carol@example.com']).method, 'INVITE')
  })

  it('to what is no SIP URI is declined (RFC 3515 §2.4.2)', () => {
    refused(603, ['Refer-To', 'http://example.com/'])
    refused(603, ['Refer-To', 'tel:+390112'])
  })

  it('says how its sender wants to learn of the outcome (RFC 4488 §4, RFC 7614 §4.1, §5.1)', () => {
    assert.equal(demand(TO_CAROL).following, 'implicit')
    assert.equal(demand(TO_CAROL, ['Refer-Sub', 'true']).following, 'implicit')
    assert.equal(demand(TO_CAROL, ['Refer-Sub', 'false']).following, 'unwanted')
    assert.equal(demand(TO_CAROL, ['Require', 'explicitsub']).following, 'explicit')
    assert.equal(demand(TO_CAROL, ['Require', 'nosub, tdialog']).following, 'none')
    refused(400, TO_CAROL, ['Refer-Sub', 'perhaps'])
    refused(400, TO_CAROL, ['Require', 'nosub, explicitsub'])
  })

  it('may say once who refers (RFC 3892 §3)', () => {
    const by = ['Referred-By', '"Bob" <sip:bob@example.com>'] as const
    assert.equal(demand(TO_CAROL, by).referredBy, 'sip:bob@example.com')
    assert.equal(demand(TO_CAROL).referredBy, undefined)
    refused(400, TO_CAROL, by, by)
    refused(400, TO_CAROL, ['Referred-By', '"Bob"'])
  })
})

/** The REFER to an endpoint (RFC 3515 §2.4.1). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSipUri } from '../../../src/sip/message/uri.ts'
import { parseNameAddr } from '../../../src/sip/message/values.ts'
import { parseRefer } from '../../../src/sip/refer/refer-request.ts'
import { createRefer, type Resubscription } from '../../../src/sip/refer/resubscription.ts'

const WANTED: Resubscription = {
  target: 'sip:bob@192.0.2.10:5060;transport=tcp',
  routes: ['<sip:sm.example.com;lr>'],
  peer: undefined,
  watcher: '"Bob" <sip:bob@example.com>',
  entity: 'sip:alice@example.com;user=ip',
  event: 'presence',
}
const TERMS = { contact: 'sip:192.0.2.1:5060', redirect: undefined }

describe('a REFER to an endpoint', () => {
  it('asks it to SUBSCRIBE, through the session manager that it is behind (RFC 3515 §2.1)', () => {
    const refer = createRefer(WANTED, TERMS)
    assert.equal(refer?.uri, WANTED.target)
    assert.equal(refer?.headers.get('Route'), '<sip:sm.example.com;lr>')
    assert.equal(refer?.headers.get('To'), WANTED.watcher)
    assert.match(refer?.headers.get('From') ?? '', /^<sip:example\.com>;tag=/)
    assert.equal(refer?.headers.get('Contact'), '<sip:192.0.2.1:5060>')
    const target = parseSipUri(parseNameAddr(refer?.headers.get('Refer-To') ?? '')?.uri ?? '')
    assert.deepEqual([target?.user, target?.host], ['alice', 'example.com'])
    assert.deepEqual(
      [...(target?.params ?? [])],
      [
        ['user', 'ip'],
        ['method', 'SUBSCRIBE'],
      ],
    )
    assert.deepEqual(target?.headers, [['Event', 'presence']])
  })

  it('makes no subscription of its own, and is no part of a dialog (RFC 4488 §4, RFC 7647 §4)', () => {
    const refer = createRefer(WANTED, TERMS)
    assert.ok(refer)
    assert.equal(parseRefer(refer).following, 'unwanted')
    assert.equal(refer.headers.get('Supported'), 'norefersub')
    assert.doesNotMatch(refer.headers.get('To') ?? '', /tag=/)
  })

  it('says where XMPP connections are to go', () => {
    const refer = createRefer(WANTED, { ...TERMS, redirect: 'im2.example.com:5222' })
    const referTo = parseNameAddr(refer?.headers.get('Refer-To') ?? '')
    assert.equal(referTo?.params.get('redirect'), 'im2.example.com:5222')
  })

  it('is not sent about what nobody can subscribe to', () => {
    assert.equal(createRefer({ ...WANTED, entity: 'tel:+390112' }, TERMS), undefined)
    assert.equal(createRefer({ ...WANTED, entity: '' }, TERMS), undefined)
  })
})

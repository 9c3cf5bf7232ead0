import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RouteRule, Rules } from '../../../src/sip/proxy/rules.ts'
import { sipRequest } from '../events/support.ts'
import { rule } from './support.ts'

const request = sipRequest('SUBSCRIBE', {
  uri: 'sip:+49301234@gw.example.net;user=phone',
  from: '<sip:alice@example.com>;tag=1',
  to: '<sip:+49301234@example.net>',
  headers: [['Event', 'presence;id=7']],
})

const FIELDS: [keyof RouteRule, fitting: string[], other: string[]][] = [
  ['methods', ['INVITE', 'SUBSCRIBE'], ['INVITE']],
  ['fromHosts', ['*.org', 'example.com'], ['*.example.com']],
  ['fromUsers', ['a*'], ['b*']],
  ['toHosts', ['example.net'], ['example.com']],
  ['toUsers', ['+49*'], ['49*']],
  ['uris', ['sip:*@gw.example.net;*'], ['sip:*@gw.example.net']],
  ['events', ['presence'], ['presence.winfo', 'dialog']],
]

describe('a rule', () => {
  for (const [field, fitting, other] of FIELDS) {
    test(`with ${field} is about requests that have one of them`, () => {
      assert.ok(new Rules([rule({ [field]: fitting })]).find(request, request.uri))
      assert.equal(new Rules([rule({ [field]: other })]).find(request, request.uri), undefined)
    })
  }

  test('is about everything where it says nothing', () => {
    assert.ok(new Rules([rule({})]).find(sipRequest('OPTIONS'), 'sip:x'))
  })

  test('must fit in every field', () => {
    const rules = new Rules([rule({ methods: ['SUBSCRIBE'], toHosts: ['example.com'] })])
    assert.equal(rules.find(request, request.uri), undefined)
  })

  test('counts where it is the first that fits', () => {
    const rules = new Rules([
      rule({ name: 'calls', methods: ['INVITE'] }),
      rule({ name: 'first', events: ['presence'] }),
      rule({ name: 'second' }),
    ])
    assert.equal(rules.find(request, request.uri)?.name, 'first')
    assert.equal(rules.find(sipRequest('OPTIONS'), 'sip:x')?.name, 'second')
  })

  test('about a host or a user is not about a URI that has none', () => {
    const phone = sipRequest('INVITE', { from: '<tel:+4930>;tag=1' })
    assert.equal(new Rules([rule({ fromHosts: ['example.com'] })]).find(phone, 'sip:x'), undefined)
    assert.ok(new Rules([rule({ fromUsers: ['+49*'] })]).find(phone, 'sip:x'))
  })

  test('about INVITE is about its ACK and CANCEL, too (RFC 3261 §16.11)', () => {
    const rules = new Rules([rule({ methods: ['INVITE'] })])
    assert.ok(rules.find(sipRequest('ACK'), 'sip:x'))
    assert.ok(rules.find(sipRequest('CANCEL'), 'sip:x'))
    assert.equal(rules.find(sipRequest('BYE'), 'sip:x'), undefined)
  })
})

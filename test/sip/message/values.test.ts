import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipRequest } from '../../../src/sip/message/message.ts'
import {
  cseqOf,
  fromOf,
  parseCSeq,
  parseEvent,
  parseExpires,
  parseMaxForwards,
  parseRetryAfter,
  parseSubscriptionState,
  parseTokenValue,
  tokensOf,
  toOf,
} from '../../../src/sip/message/values.ts'

test('CSeq is a number below 2^31 and a method', () => {
  assert.deepEqual(parseCSeq(' 0009 \t INVITE'), { number: 9, method: 'INVITE' })
  assert.equal(parseCSeq('2147483647 X')?.number, 2 ** 31 - 1)
  for (const text of ['', '1', 'INVITE', '2147483648 X', '-1 X', '1 X Y', '1X', '1 @']) {
    assert.equal(parseCSeq(text), undefined, text)
  }
})

test('Expires is seconds, at most what fits in 32 bits', () => {
  assert.equal(parseExpires(' 3600 '), 3600)
  assert.equal(parseExpires('99999999999'), 2 ** 32 - 1)
  for (const text of ['', '-1', '1.5', 'soon', '1e3']) assert.equal(parseExpires(text), undefined)
})

test('Max-Forwards is 0 to 255', () => {
  assert.equal(parseMaxForwards('0'), 0)
  assert.equal(parseMaxForwards('0068'), 68)
  assert.equal(parseMaxForwards('255'), 255)
  for (const text of ['', '256', '-1', 'x']) assert.equal(parseMaxForwards(text), undefined)
})

test('Retry-After may have a comment and parameters', () => {
  assert.equal(parseRetryAfter('120'), 120)
  assert.equal(parseRetryAfter('18000 (in a meeting);duration=3600'), 18000)
  assert.equal(parseRetryAfter('949302838503028349304023988'), 2 ** 32 - 1)
  assert.equal(parseRetryAfter('soon'), undefined)
})

test('Event has a package, and an id where it says one', () => {
  const event = parseEvent('presence.winfo ; ID=7 ;max-rate=0.1')
  assert.equal(event?.package, 'presence.winfo')
  assert.equal(event?.id, '7')
  assert.equal(event?.params.get('max-rate'), '0.1')
  assert.equal(parseEvent('presence')?.id, undefined)
  for (const text of ['', ';id=1', 'a b', 'a;', 'a/b']) assert.equal(parseEvent(text), undefined)
})

test('Subscription-State has a state and its parameters', () => {
  const state = parseSubscriptionState('Terminated;Reason=Timeout;retry-after=5')
  assert.deepEqual([state?.state, state?.reason, state?.retryAfter], ['terminated', 'timeout', 5])
  assert.equal(parseSubscriptionState('active;expires=3599')?.expires, 3599)
  assert.equal(parseSubscriptionState('active')?.expires, undefined)
  assert.equal(parseSubscriptionState(''), undefined)
})

test('a token with parameters', () => {
  const value = parseTokenValue('session;handling=optional')
  assert.deepEqual([value?.token, value?.params.get('handling')], ['session', 'optional'])
})

test('the values that every message has', () => {
  const headers = [
    ['f', '<sip:a@b>;tag=1'],
    ['t', 'sip:c@d'],
    ['CSeq', '1 OPTIONS'],
    ['Supported', 'EventList, ,path'],
    ['k', 'gruu'],
  ] as const
  const request = new SipRequest({ method: 'OPTIONS', uri: 'sip:d', headers })
  assert.equal(fromOf(request)?.params.get('tag'), '1')
  assert.equal(toOf(request)?.uri, 'sip:c@d')
  assert.deepEqual(cseqOf(request), { number: 1, method: 'OPTIONS' })
  assert.deepEqual(tokensOf(request.headers, 'Supported'), ['eventlist', 'path', 'gruu'])
  const bare = new SipRequest({ method: 'OPTIONS', uri: 'sip:d' })
  assert.deepEqual([fromOf(bare), toOf(bare), cseqOf(bare)], [undefined, undefined, undefined])
})

/** The examples of RFC 3261 §19.1.4, RFC 3966 §4 and RFC 5954 §4.2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSipUri, urisEqual } from '../../../src/sip/message/uri.ts'

function equal(left: string, right: string): boolean {
  const [one, two] = [parseSipUri(left), parseSipUri(right)]
  assert.ok(one && two, `${left} ${right}`)
  assert.equal(urisEqual(one, two), urisEqual(two, one))
  return urisEqual(one, two)
}

test('these URIs are equivalent', () => {
  for (const [left, right] of [
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['tel:+1-201-555-0123', 'tel:+12015550123'],
    ['tel:+1201;EXT=5', 'tel:+1(201);ext=5'],
    ['sip:[2001:db8::1]', 'sip:[2001:0db8:0::0001]'],
    ['urn:service:sos', 'URN:service:sos'],
  ] as const) {
    assert.ok(equal(left, right), `${left} ${right}`)
  }
})

test('these URIs are not', () => {
  for (const [left, right] of [
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:a@b', 'sips:a@b'],
    ['sip:a@b', 'sip:a:pw@b'],
    ['sip:a@b', 'sip:a@b;maddr=1.2.3.4'],
    ['sip:a@b', 'sip:a@b;user=phone'],
    ['sip:a@b?x=1', 'sip:a@b?x=2'],
    ['tel:+1201', 'tel:+1201;ext=5'],
    ['tel:+1201', 'tel:+1202'],
    ['sip:[::1]', 'sip:[::2]'],
  ] as const) {
    assert.ok(!equal(left, right), `${left} ${right}`)
  }
})

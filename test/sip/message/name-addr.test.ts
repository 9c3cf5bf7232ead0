import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseContacts,
  parseNameAddr,
  serializeNameAddr,
} from '../../../src/sip/message/name-addr.ts'

test('quoted, token and missing display names', () => {
  assert.equal(parseNameAddr('"A. \\"G\\" Bell, Jr." <sip:a@b>')?.displayName, 'A. "G" Bell, Jr.')
  assert.equal(parseNameAddr('Alice  Smith <sip:a@b>')?.displayName, 'Alice  Smith')
  assert.equal(parseNameAddr('Zoë <sip:a@b>')?.displayName, 'Zoë')
  assert.equal(parseNameAddr('<sip:a@b>')?.displayName, undefined)
  assert.equal(parseNameAddr('""<sip:a@b>')?.displayName, '')
})

test('parameters within brackets are the URI’s, others the header’s', () => {
  const inside = parseNameAddr('<sip:a@b;lr>;tag=x')
  assert.deepEqual([inside?.uri, inside?.params.get('tag')], ['sip:a@b;lr', 'x'])
  const bare = parseNameAddr('sip:a@b;tag=y')
  assert.deepEqual([bare?.uri, bare?.params.get('tag')], ['sip:a@b', 'y'])
})

test('quoted parameters of outbound and caps are unquoted', () => {
  const contact = parseNameAddr('<sip:a@b>;+sip.instance="<urn:uuid:1-2>";reg-id=1')
  assert.equal(contact?.params.get('+sip.instance'), '<urn:uuid:1-2>')
  assert.equal(contact?.params.get('reg-id'), '1')
})

test('malformed values are refused', () => {
  for (const text of [
    '',
    '<sip:a@b',
    '"x <sip:a@b>',
    '"x" sip:a@b',
    'a, b <sip:a@b>',
    '< sip:a@b >',
    'sip:a@b?x=y',
    'sip:a,b@c',
    'no-colon',
    '<sip:a@b> junk',
    '<>',
  ]) {
    assert.equal(parseNameAddr(text), undefined, text)
  }
})

test('an address is written so that it can be read again', () => {
  assert.equal(
    serializeNameAddr({ displayName: 'a "b"', uri: 'sip:a@b', params: new Map([['tag', 'x']]) }),
    '"a \\"b\\"" <sip:a@b>;tag=x',
  )
  assert.equal(serializeNameAddr({ uri: 'sip:a@b' }), '<sip:a@b>')
})

test('contacts are all or a star alone', () => {
  assert.equal(parseContacts(['*']), '*')
  assert.deepEqual(parseContacts([]), [])
  assert.equal(parseContacts(['<sip:a@b>', 'sip:c@d'])?.length, 2)
  assert.equal(parseContacts(['*', '<sip:a@b>']), undefined)
  assert.equal(parseContacts(['<sip:a@b>', '']), undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAuthInfo, parseAuthParams } from '../../../src/sip/message/auth-params.ts'

test('digest credentials are read, quoted or not', () => {
  const auth = parseAuthParams(
    'Digest Username="al\\"ice", realm="a, b" ,nonce="x==",uri="sip:b;lr",qop=auth,nc=00000001,response="0f"',
  )
  assert.equal(auth?.scheme, 'Digest')
  assert.equal(auth?.params.get('username'), 'al"ice')
  assert.equal(auth?.params.get('realm'), 'a, b')
  assert.equal(auth?.params.get('uri'), 'sip:b;lr')
  assert.equal(auth?.params.get('qop'), 'auth')
  assert.equal(auth?.params.get('nc'), '00000001')
})

test('a scheme alone has no parameters', () => {
  assert.equal(parseAuthParams('Negotiate')?.params.size, 0)
})

test('malformed and repeated parameters are refused', () => {
  for (const text of [
    '',
    'Dig"est a=b',
    'Digest a',
    'Digest a="b',
    'Digest a=b c=d',
    'Digest realm="a", realm="b"',
    'Digest ,',
  ]) {
    assert.equal(parseAuthParams(text), undefined, text)
  }
})

test('Authentication-Info has parameters only', () => {
  assert.equal(parseAuthInfo('nextnonce="abc", qop=auth')?.get('nextnonce'), 'abc')
})

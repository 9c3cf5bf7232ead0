import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type DigestAlgorithm,
  digestHash,
  digestResponse,
  parseAlgorithm,
} from '../../../src/net/digest/digest-response.ts'

/** RFC 7616 §3.9.1. */
const EXAMPLE = {
  method: 'GET',
  uri: '/dir/index.html',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  nc: '00000001',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
}

function exampleResponse(algorithm: DigestAlgorithm): string {
  const ha1 = digestHash(algorithm, 'Mufasa:http-auth@example.org:Circle of Life')
  return digestResponse({ ...EXAMPLE, algorithm, ha1 })
}

test('the MD5 example of RFC 7616 §3.9.1 comes out', () => {
  assert.equal(exampleResponse('MD5'), '8ca523f5e9506fed4657c9700eebdbec')
})

test('the SHA-256 example of RFC 7616 §3.9.1 comes out', () => {
  assert.equal(
    exampleResponse('SHA-256'),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  )
})

test('no algorithm means MD5, and one that we do not know is none', () => {
  assert.equal(parseAlgorithm(undefined), 'MD5')
  assert.equal(parseAlgorithm('sha-256'), 'SHA-256')
  assert.equal(parseAlgorithm('SHA-512-256'), undefined)
  assert.equal(parseAlgorithm('MD5-sess'), undefined)
})

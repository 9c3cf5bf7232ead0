/** RFC 3261 §16.6. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import { type OnwardParts, onward } from '../../../src/sip/proxy/onward.ts'
import { sipRequest } from '../events/support.ts'

const PARTS: OnwardParts = {
  uri: 'sip:bob@192.0.2.20',
  routes: [],
  recordRoutes: [],
  path: undefined,
  isRealm: (realm) => realm === 'example.com',
}

function copyOf(headers: [string, string][], parts: Partial<OnwardParts> = {}) {
  return onward(sipRequest('INVITE', { headers }), { ...PARTS, ...parts }).headers
}

describe('the copy of a request that goes on', () => {
  test('leaves the request as it is', () => {
    const request = sipRequest('INVITE', { headers: [['Max-Forwards', '10']] })
    const copy = onward(request, { ...PARTS, recordRoutes: ['<sip:us;lr>'] })
    assert.equal(copy.uri, 'sip:bob@192.0.2.20')
    assert.equal(request.headers.get('Max-Forwards'), '10')
    assert.equal(request.headers.has('Record-Route'), false)
  })

  test('has one hop less, or 70 (step 3); without any left it is refused with 483 (§16.3)', () => {
    assert.equal(copyOf([['Max-Forwards', '10']]).get('Max-Forwards'), '9')
    assert.equal(copyOf([]).get('Max-Forwards'), '70')
    assert.throws(
      () => copyOf([['Max-Forwards', '0']]),
      (error) => error instanceof SipError && error.status === 483,
    )
  })

  test('has our Record-Routes above those of others (step 4), a Path likewise (RFC 3327 §5.1)', () => {
    const recordRoutes = ['<sip:far;lr>', '<sip:near;lr>']
    const copy = copyOf([['Record-Route', '<sip:p0;lr>']], { recordRoutes, path: '<sip:us;lr;ob>' })
    assert.deepEqual(copy.getAll('Record-Route'), [...recordRoutes, '<sip:p0;lr>'])
    assert.deepEqual(copy.getAll('Path'), ['<sip:us;lr;ob>'])
  })

  test('has the route set that is left', () => {
    const had: [string, string][] = [['Route', '<sip:us;lr>, <sip:p1;lr>']]
    assert.deepEqual(copyOf(had, { routes: ['<sip:p1;lr>'] }).getAll('Route'), ['<sip:p1;lr>'])
    assert.equal(copyOf(had).has('Route'), false)
  })

  test('has a Max-Breadth, 60 at most (RFC 5393 §5.3.3)', () => {
    assert.equal(copyOf([]).get('Max-Breadth'), '60')
    for (const [said, goes] of [
      ['1', '1'],
      ['60', '60'],
      ['61', '60'],
      ['999', '60'],
      ['x', '60'],
    ] as const) {
      assert.equal(copyOf([['Max-Breadth', said]]).get('Max-Breadth'), goes)
    }
  })

  test('has no credentials that were for us (§22.3)', () => {
    const ours = 'Digest username="a", realm="Example.com", nonce="1"'
    const others = 'Digest username="a", realm="example.org", nonce="1"'
    const both: [string, string][] = [
      ['Proxy-Authorization', ours],
      ['Proxy-Authorization', others],
    ]
    assert.deepEqual(copyOf(both).getRaw('Proxy-Authorization'), [others])
    assert.equal(copyOf(both.slice(0, 1)).has('Proxy-Authorization'), false)
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import { boundExpires, grantExpires, negotiate } from '../../../src/sip/events/headers.ts'
import { sipRequest } from './support.ts'

const BOUNDS = { min: 60, default: 3600, max: 7200 }

test('an interval is granted within its bounds; 0 stays 0', () => {
  const granted = (value?: string) =>
    grantExpires(
      sipRequest('SUBSCRIBE', { headers: value === undefined ? [] : [['Expires', value]] }),
      BOUNDS,
    )
  assert.equal(granted(), 3600)
  assert.equal(granted('0'), 0)
  assert.equal(granted('60'), 60)
  assert.equal(granted('4294967296000'), 7200)
  assert.throws(
    () => granted('59'),
    (error) => error instanceof SipError && error.status === 423,
  )
  assert.throws(
    () => granted('-1'),
    (error) => error instanceof SipError && error.status === 400,
  )
})

test('an hour is never too brief, whatever the minimum', () => {
  assert.equal(boundExpires(3600, { min: 7200, default: 7200, max: 10_000 }), 3600)
})

test('what the request accepts most is chosen; a range that excludes counts', () => {
  const offered = ['application/pidf+xml', 'application/pidf-diff+xml']
  const chosen = (...accept: string[]) =>
    negotiate(
      sipRequest('SUBSCRIBE', { headers: accept.map((one) => ['Accept', one] as const) }),
      offered,
    )
  assert.equal(chosen(), offered[0])
  assert.equal(chosen('application/*'), offered[0])
  assert.equal(chosen('application/pidf+xml;q=0.5, application/pidf-diff+xml'), offered[1])
  assert.equal(chosen('application/pidf+xml;q=0, */*;q=0.1'), offered[1])
  assert.equal(chosen('text/plain', 'application/cpim-pidf+xml'), undefined)
  assert.equal(chosen(''), undefined)
})

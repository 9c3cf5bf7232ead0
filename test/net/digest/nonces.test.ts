import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Nonces } from '../../../src/net/digest/nonces.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const REALM = 'example.com'

test('each count of a nonce is good once', () => {
  const nonces = new Nonces(new FakeClock())
  const nonce = nonces.issue(REALM)
  assert.equal(nonces.use(nonce, REALM, 1), true)
  assert.equal(nonces.use(nonce, REALM, 1), false)
  assert.equal(nonces.use(nonce, REALM, 2), true)
})

test('counts may overtake each other by a little, and none is good twice', () => {
  const nonces = new Nonces(new FakeClock())
  const nonce = nonces.issue(REALM)
  const counts = [3, 1, 2, 40, 39, 9]
  assert.deepEqual(
    counts.map((count) => nonces.use(nonce, REALM, count)),
    counts.map(() => true),
  )
  assert.deepEqual(
    [...counts, 8].map((count) => nonces.use(nonce, REALM, count)),
    [...counts, 8].map(() => false),
  )
})

test('a nonce ends with its lifetime', () => {
  const clock = new FakeClock()
  const nonces = new Nonces(clock, { lifetimeMs: 1_000 })
  const nonce = nonces.issue(REALM)
  clock.advance(1_000)
  assert.equal(nonces.use(nonce, REALM, 1), true)
  clock.advance(1)
  assert.equal(nonces.use(nonce, REALM, 2), false)
})

test('a nonce of another process, another realm or with a changed bit is not ours', () => {
  const clock = new FakeClock()
  const nonces = new Nonces(clock)
  const nonce = nonces.issue(REALM)
  assert.equal(new Nonces(clock).use(nonce, REALM, 1), false)
  assert.equal(nonces.use(nonce, 'example.net', 1), false)
  const changed = nonce[20] === 'A' ? 'B' : 'A'
  assert.equal(nonces.use(nonce.slice(0, 20) + changed + nonce.slice(21), REALM, 1), false)
  assert.equal(nonces.use('', REALM, 1), false)
})

test('another spelling of a nonce does not start its counts anew', () => {
  const nonces = new Nonces(new FakeClock())
  const nonce = nonces.issue(REALM)
  assert.equal(nonces.use(nonce, REALM, 1), true)
  assert.equal(nonces.use(`${nonce}=`, REALM, 1), false)
  assert.equal(nonces.use(`${nonce} `, REALM, 1), false)
})

test('what is forgotten for want of room can not be replayed', () => {
  const clock = new FakeClock()
  const nonces = new Nonces(clock, { maxTracked: 2 })
  const issued = [1, 2, 3].map(() => {
    clock.advance(10)
    return nonces.issue(REALM)
  })
  for (const nonce of issued) assert.equal(nonces.use(nonce, REALM, 1), true)
  assert.equal(nonces.use(issued[0] ?? '', REALM, 1), false)
  assert.equal(nonces.use(issued[2] ?? '', REALM, 1), false)
  assert.equal(nonces.use(issued[2] ?? '', REALM, 2), true)
})

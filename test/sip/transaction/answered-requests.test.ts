import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnsweredRequests } from '../../../src/sip/transaction/answered-requests.ts'
import type { Reply } from '../../../src/sip/transport/reply.ts'
import type { ResponseRoute } from '../../../src/sip/transport/response-route.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const LIFETIME_MS = 32_000
const TEXT = Buffer.from('SIP/2.0 200 Schön\r\n\r\n')
const route: ResponseRoute = {
  flow: {
    ...{ id: 1, transport: 'udp', open: true, provenNames: [] },
    localEndpoint: (remote) => remote,
    write: () => assert.fail(),
  },
  to: { host: '192.0.2.1', port: 5060 },
  fallback: undefined,
}

function setUp() {
  const clock = new FakeClock()
  const sent: Reply[] = []
  const send = (reply: Reply, way: ResponseRoute) => {
    assert.equal(way, route)
    sent.push(reply)
  }
  const answered = new AnsweredRequests({ clock, lifetimeMs: LIFETIME_MS, send })
  const add = (key: string, merge?: string) =>
    answered.add(key, merge, { status: 200, bytes: TEXT, toTag: 'a' }, route)
  return { clock, sent, answered, add }
}

test('a copy gets the bytes of the first answer, and what is not known gets none', () => {
  const { answered, add, sent } = setUp()
  add('one')
  answered.repeat('one')
  answered.repeat('two')
  assert.deepEqual(
    sent.map(({ status, bytes }) => [status, bytes.toString()]),
    [[200, TEXT.toString()]],
  )
})

test('each is forgotten after timer J, and its merge key with it', () => {
  const { clock, answered, add } = setUp()
  add('one', 'merge')
  clock.advance(20_000)
  add('two')
  clock.advance(LIFETIME_MS - 20_001)
  assert.ok(answered.has('one') && answered.hasMerge('merge'))
  clock.advance(1)
  assert.ok(!answered.has('one') && !answered.hasMerge('merge'))
  assert.ok(answered.has('two'))
  clock.advance(20_000)
  assert.equal(answered.size, 0)
  assert.equal(clock.pendingTimers, 0)
})

test('clearing leaves nothing behind, and what comes later is kept again', () => {
  const { clock, answered, add } = setUp()
  add('one', 'merge')
  answered.clear()
  assert.equal(clock.pendingTimers, 0)
  assert.ok(!answered.has('one') && !answered.hasMerge('merge'))
  add('two')
  clock.advance(LIFETIME_MS)
  assert.equal(answered.size, 0)
})

test('the oldest make room before timer J, those of the last four seconds do not', () => {
  const { clock, answered, add } = setUp()
  for (const key of ['one', 'two', 'three']) add(key, `merge ${key}`)
  clock.advance(3_999)
  answered.forgetOldest(1)
  assert.equal(answered.size, 3)
  add('fresh')
  clock.advance(1)
  answered.forgetOldest(2)
  assert.ok(!answered.has('one') && !answered.hasMerge('merge one') && !answered.has('two'))
  assert.ok(answered.has('three') && answered.has('fresh'))
  answered.forgetOldest(2)
  assert.ok(!answered.has('three') && answered.has('fresh'))
})

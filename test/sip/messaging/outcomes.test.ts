import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DELIVERED, type Refusal, refused, STORED } from '../../../src/core/messaging/message.ts'
import { answerTo, outcomeOf } from '../../../src/sip/messaging/outcomes.ts'

test('what was delivered is answered 200, what was stored 202', async () => {
  assert.equal((await answerTo(DELIVERED)).status, 200)
  assert.equal((await answerTo(STORED)).status, 202)
})

const REFUSALS: [Refusal, number][] = [
  ['no-such-user', 404],
  ['no-such-domain', 404],
  ['unreachable', 480],
  ['not-acceptable', 488],
  ['too-large', 413],
  ['forbidden', 403],
  ['mailbox-full', 480],
  ['timeout', 408],
  ['overloaded', 503],
  ['internal', 500],
]

for (const [refusal, status] of REFUSALS) {
  test(`${refusal} is answered ${status}`, async () => {
    assert.equal((await answerTo(refused(refusal))).status, status)
  })
}

test('what is relayed is answered as it settles', async () => {
  const final = Promise.resolve(refused('forbidden'))
  assert.equal((await answerTo({ kind: 'relayed', final })).status, 403)
})

test('a client’s final response is told in the core’s words', () => {
  assert.deepEqual(outcomeOf(200), DELIVERED)
  assert.deepEqual(outcomeOf(202), DELIVERED)
  const expected: [number, Refusal][] = [
    [403, 'forbidden'],
    [404, 'unreachable'],
    [405, 'unreachable'],
    [408, 'timeout'],
    [410, 'unreachable'],
    [413, 'too-large'],
    [415, 'not-acceptable'],
    [480, 'unreachable'],
    [486, 'unreachable'],
    [488, 'not-acceptable'],
    [500, 'unreachable'],
    [503, 'overloaded'],
    [600, 'unreachable'],
    [603, 'forbidden'],
  ]
  for (const [status, refusal] of expected) assert.deepEqual(outcomeOf(status), refused(refusal))
})

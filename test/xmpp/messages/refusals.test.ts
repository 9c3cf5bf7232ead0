import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Refusal } from '../../../src/core/messaging/message.ts'
import { refusalError } from '../../../src/xmpp/messages/refusals.ts'

test('each refusal has its word', () => {
  const words: Readonly<Record<Refusal, string>> = {
    'no-such-user': 'cancel service-unavailable',
    unreachable: 'cancel service-unavailable',
    'no-such-domain': 'cancel remote-server-not-found',
    'not-acceptable': 'modify not-acceptable',
    'too-large': 'modify policy-violation',
    forbidden: 'auth forbidden',
    'mailbox-full': 'cancel service-unavailable',
    timeout: 'wait remote-server-timeout',
    overloaded: 'wait resource-constraint',
    internal: 'cancel internal-server-error',
  }
  for (const [refusal, expected] of Object.entries(words) as [Refusal, string][]) {
    const { type, condition } = refusalError(refusal)
    assert.equal(`${type} ${condition}`, expected, refusal)
  }
})

test('somebody who does not exist is refused in the same words as one who is not there', () => {
  assert.deepEqual(
    refusalError('no-such-user').toElement().toString(),
    refusalError('unreachable').toElement().toString(),
  )
})

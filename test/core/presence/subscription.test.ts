import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  inboundStep,
  outboundStep,
  SUBSCRIPTION_STANZAS,
  SUBSCRIPTION_STATES,
  type SubscriptionStanza,
  type SubscriptionState,
  subscriptionFlags,
  subscriptionState,
} from '../../../src/core/presence/subscription.ts'

/** As the RFC prints them: existing state | route or deliver? | new state. */
type Printed = Readonly<Record<SubscriptionStanza, string>>

const OUTBOUND: Printed = {
  // Table 2
  subscribe: `
    None                  |  MUST [1] |  None + Pending Out
    None + Pending Out    |  MUST     |  no state change
    None + Pending In     |  MUST [1] |  None + Pending Out+In
    None + Pending Out+In |  MUST     |  no state change
    To                    |  MUST     |  no state change
    To + Pending In       |  MUST     |  no state change
    From                  |  MUST [1] |  From + Pending Out
    From + Pending Out    |  MUST     |  no state change
    Both                  |  MUST     |  no state change`,
  // Table 3
  unsubscribe: `
    None                  |  MUST    |  no state change
    None + Pending Out    |  MUST    |  None
    None + Pending In     |  MUST    |  no state change
    None + Pending Out+In |  MUST    |  None + Pending In
    To                    |  MUST    |  None
    To + Pending In       |  MUST    |  None + Pending In
    From                  |  MUST    |  no state change
    From + Pending Out    |  MUST    |  From
    Both                  |  MUST    |  From`,
  // Table 4
  subscribed: `
    None                  |  M.N.    |  pre-approval [1]
    None + Pending Out    |  M.N.    |  pre-approval [1]
    None + Pending In     |  MUST    |  From
    None + Pending Out+In |  MUST    |  From + Pending Out
    To                    |  M.N.    |  pre-approval [1]
    To + Pending In       |  MUST    |  Both
    From                  |  M.N.    |  no state change
    From + Pending Out    |  M.N.    |  no state change
    Both                  |  M.N.    |  no state change`,
  // Table 5
  unsubscribed: `
    None                  |  S.N.    |  no state change [1]
    None + Pending Out    |  S.N.    |  no state change [1]
    None + Pending In     |  MUST    |  None
    None + Pending Out+In |  MUST    |  None + Pending Out
    To                    |  S.N.    |  no state change [1]
    To + Pending In       |  MUST    |  To
    From                  |  MUST    |  None
    From + Pending Out    |  MUST    |  None + Pending Out
    Both                  |  MUST    |  To`,
}

const INBOUND: Printed = {
  // Table 6
  subscribe: `
    None                  |  MUST [1]  |  None + Pending In
    None + Pending Out    |  MUST      |  None + Pending Out+In
    None + Pending In     |  S.N.      |  no state change
    None + Pending Out+In |  S.N.      |  no state change
    To                    |  MUST      |  To + Pending In
    To + Pending In       |  S.N.      |  no state change
    From                  |  S.N. [2]  |  no state change
    From + Pending Out    |  S.N. [2]  |  no state change
    Both                  |  S.N. [2]  |  no state change`,
  // Table 7
  unsubscribe: `
    None                  |  S.N.      |  no state change
    None + Pending Out    |  S.N.      |  no state change
    None + Pending In     |  MUST [1]  |  None
    None + Pending Out+In |  MUST [1]  |  None + Pending Out
    To                    |  S.N.      |  no state change
    To + Pending In       |  MUST [1]  |  To
    From                  |  MUST [1]  |  None
    From + Pending Out    |  MUST [1]  |  None + Pending Out
    Both                  |  MUST [1]  |  To`,
  // Table 8
  subscribed: `
    None                  |  S.N.      |  no state change
    None + Pending Out    |  MUST      |  To
    None + Pending In     |  S.N.      |  no state change
    None + Pending Out+In |  MUST      |  To + Pending In
    To                    |  S.N.      |  no state change
    To + Pending In       |  S.N.      |  no state change
    From                  |  S.N.      |  no state change
    From + Pending Out    |  MUST      |  Both
    Both                  |  S.N.      |  no state change`,
  // Table 9
  unsubscribed: `
    None                  |  S.N.      |  no state change
    None + Pending Out    |  MUST      |  None
    None + Pending In     |  S.N.      |  no state change
    None + Pending Out+In |  MUST      |  None + Pending In
    To                    |  MUST      |  None
    To + Pending In       |  MUST      |  None + Pending In
    From                  |  S.N.      |  no state change
    From + Pending Out    |  MUST      |  From
    Both                  |  MUST      |  From`,
}

const NAMES: Readonly<Record<string, SubscriptionState>> = {
  None: 'none',
  'None + Pending Out': 'none+out',
  'None + Pending In': 'none+in',
  'None + Pending Out+In': 'none+out+in',
  To: 'to',
  'To + Pending In': 'to+in',
  From: 'from',
  'From + Pending Out': 'from+out',
  Both: 'both',
}

interface Row {
  readonly state: SubscriptionState
  readonly must: boolean
  readonly next: SubscriptionState
  readonly preApproval: boolean
}

function rows(table: string): Row[] {
  const parsed = table
    .trim()
    .split('\n')
    .map((line): Row => {
      const [from = '', verdict = '', to = ''] = line.split('|').map((cell) => cell.trim())
      const state = NAMES[from]
      assert.ok(state, from)
      const preApproval = to.startsWith('pre-approval')
      return {
        state,
        must: verdict.startsWith('MUST'),
        next: NAMES[to] ?? state,
        preApproval,
      }
    })
  assert.deepEqual(
    parsed.map(({ state }) => state),
    SUBSCRIPTION_STATES,
  )
  return parsed
}

describe('outbound subscription stanzas (RFC 6121 A.2)', () => {
  for (const stanza of SUBSCRIPTION_STANZAS) {
    for (const { state, must, next, preApproval } of rows(OUTBOUND[stanza])) {
      test(`${stanza} in state ${state}`, () => {
        assert.deepEqual(outboundStep(stanza, state, false), {
          route: must,
          state: next,
          approved: preApproval,
        })
      })

      test(`${stanza} in state ${state} with pre-approval`, () => {
        assert.deepEqual(outboundStep(stanza, state, true), {
          route: must,
          state: next,
          approved: stanza !== 'unsubscribed',
        })
      })
    }
  }
})

/** Notes 2 of table 6 and 1 of table 7. */
function expectedReply(stanza: SubscriptionStanza, { state, must }: Row) {
  if (stanza === 'subscribe')
    return state.startsWith('from') || state === 'both' ? 'subscribed' : undefined
  return stanza === 'unsubscribe' && must ? 'unsubscribed' : undefined
}

describe('inbound subscription stanzas (RFC 6121 A.3)', () => {
  for (const stanza of SUBSCRIPTION_STANZAS) {
    for (const row of rows(INBOUND[stanza])) {
      const { state, must, next } = row
      test(`${stanza} in state ${state}`, () => {
        assert.deepEqual(inboundStep(stanza, state, false), {
          deliver: must,
          state: next,
          reply: expectedReply(stanza, row),
        })
      })

      if (stanza === 'subscribe') continue
      test(`${stanza} in state ${state} is not changed by pre-approval`, () => {
        assert.deepEqual(inboundStep(stanza, state, true), inboundStep(stanza, state, false))
      })
    }
  }

  const approved: readonly [SubscriptionState, SubscriptionState][] = [
    ['none', 'from'],
    ['none+out', 'from+out'],
    ['to', 'both'],
    ['from', 'from'],
    ['from+out', 'from+out'],
    ['both', 'both'],
  ]
  for (const [state, next] of approved) {
    test(`subscribe in state ${state} with pre-approval is answered without asking (§3.4.2)`, () => {
      assert.deepEqual(inboundStep('subscribe', state, true), {
        deliver: false,
        state: next,
        reply: 'subscribed',
      })
    })
  }

  for (const state of ['none+in', 'none+out+in', 'to+in'] as const) {
    test(`subscribe in state ${state} with pre-approval stays with the request that waits`, () => {
      assert.deepEqual(inboundStep('subscribe', state, true), {
        deliver: false,
        state,
        reply: undefined,
      })
    })
  }
})

test('a state survives being kept as flags', () => {
  for (const state of SUBSCRIPTION_STATES) {
    assert.equal(subscriptionState(subscriptionFlags(state)), state)
  }
})

test('flags that no state has are read as the nearest state', () => {
  assert.equal(
    subscriptionState({ subscription: 'both', pendingOut: true, pendingIn: true }),
    'both',
  )
  assert.equal(subscriptionState({ subscription: 'to', pendingOut: true, pendingIn: false }), 'to')
})

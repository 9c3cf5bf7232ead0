/** Who there is, and all that may happen between them. */
import fc from 'fast-check'
import { requireJid } from '../../src/core/address.ts'
import { ACTIONS } from '../../src/core/presence/access/rule.ts'
import { SUBSCRIPTION_STANZAS } from '../../src/core/presence/subscription.ts'

const ALICE = requireJid('alice@corp.example').bare
const BOB = requireJid('bob@corp.example').bare
const CAROL = requireJid('carol@branch.example').bare
export const EVE = requireJid('eve@partner.example').bare
export const USERS = [ALICE, BOB, CAROL]
export const PAIRS = USERS.flatMap((presentity) =>
  [...USERS, EVE].filter((one) => one !== presentity).map((watcher) => ({ presentity, watcher })),
)

const user = fc.constantFrom(...USERS)
const pair = fc.constantFrom(...PAIRS)
const level = fc.constantFrom('All', 'Telephony', 'Some')
const rule = fc.record({
  presentity: fc.oneof(user, fc.constantFrom('*', '@corp.example')),
  watcher: fc.oneof(user, fc.constantFrom(EVE, '*', '@*', '@corp.example', '@partner.example')),
  level,
  enforced: fc.boolean(),
})
export const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      pair,
      type: fc.constantFrom(...SUBSCRIPTION_STANZAS),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      rule,
      action: fc.constantFrom(...ACTIONS),
    }),
  },
  fc.record({ do: fc.constant('delete' as const), rule }),
  fc.record({
    do: fc.constant('answer' as const),
    pair,
    level,
    action: fc.constantFrom('allow' as const, 'block' as const, 'confirm' as const),
  }),
  fc.record({
    do: fc.constantFrom(
      'ask' as const,
      'remove' as const,
      'add' as const,
      'block' as const,
      'unblock' as const,
    ),
    pair,
  }),
  fc.record({
    do: fc.constant('level' as const),
    classes: fc.constantFrom(['phone'], ['calendar'], ['phone', 'calendar']),
  }),
  fc.record({ do: fc.constant('cross-domain' as const), on: fc.boolean() }),
  fc.record({ do: fc.constant('resend' as const), user }),
)
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
export const sameSystem = fc.constantFrom('allow' as const, 'confirm' as const, 'block' as const)

/** What one watcher may see of one presentity. */
import { requireJid } from '../../src/core/address.ts'
import { TELEPHONY_LEVEL } from '../../src/core/presence/access/access-level.ts'
import { testAccess } from '../../test/support/access.ts'
import type { Operation } from './operation.ts'
import { ALICE, BOB } from './people.ts'

const WATCHER = { address: BOB, account: BOB, protocol: 'xmpp' } as const
const RULE = { level: 'All', enforced: false, refusesMessages: false } as const

/** For everybody, for a domain, for this pair, and for a hundred others of hers. */
async function ruled() {
  const access = testAccess({ sameSystem: 'confirm' })
  const pairs = Array.from({ length: 100 }, (_, at) => ({
    ...RULE,
    presentity: ALICE,
    watcher: requireJid(`user${at}@example.com`).bare,
    action: 'block' as const,
  }))
  await access.replace({
    remove: [],
    put: [
      ...pairs,
      { ...RULE, presentity: '*', watcher: '*', action: 'confirm' },
      { ...RULE, presentity: '@example.com', watcher: '*', action: 'allow' },
      { ...RULE, presentity: ALICE, watcher: BOB, level: TELEPHONY_LEVEL.name, action: 'allow' },
    ],
  })
  return access
}

export const accessDecision: readonly Operation[] = [
  {
    name: 'access: decide without rules',
    setUp() {
      const access = testAccess()
      return () => access.decide(ALICE, WATCHER, true)
    },
  },
  {
    name: 'access: decide by 103 rules',
    async setUp() {
      const access = await ruled()
      return () => access.decide(ALICE, WATCHER, false)
    },
  },
]

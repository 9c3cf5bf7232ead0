/** Two domains of a system, Alice whom others watch, and rules in few words. */
import { requireJid } from '../../../../src/core/address.ts'
import type { Watcher } from '../../../../src/core/presence/access/access.ts'
import type { AccessControlDeps } from '../../../../src/core/presence/access/ports.ts'
import type { NewRule } from '../../../../src/core/presence/access/rule.ts'
import { testAccess } from '../../../support/access.ts'

export const ALICE = requireJid('alice@corp.example').bare
export const BOB = requireJid('bob@corp.example').bare
export const CAROL = requireJid('carol@west.example').bare
export const EVE = requireJid('eve@partner.example').bare

export const people: AccessControlDeps['people'] = {
  isLocal: (domain) => ['corp.example', 'west.example'].includes(domain),
  accountsWithAddressIn: async (domain) => (domain === 'xmpp.example' ? [ALICE] : []),
}

export function watcher(address: string): Watcher {
  return testAccess({ people }).watcher(address, 'sip')
}

type Words = Partial<NewRule> & Pick<NewRule, 'presentity' | 'watcher' | 'action'>

export function rule(words: Words): NewRule {
  return { level: 'All', enforced: false, refusesMessages: false, ...words }
}

/** `sees`: the decision about somebody as a watcher of Alice, in short. */
export function start(deps: Partial<AccessControlDeps> = {}) {
  const access = testAccess({ people, ...deps })
  const put = (words: Words) => access.put(rule(words))
  const sees = (address: string, granted = false) => {
    const who = access.watcher(address, 'sip')
    const { decision, visible, asks } = access.decide(ALICE, who, granted)
    return `${decision} ${visible.key}${asks ? ' asks' : ''}`
  }
  return { access, put, sees }
}

/** What putting a rule or a level finds there, and what comes of it. */
import { AccessError } from './access-error.ts'
import type { NewRule, Rule } from './rule.ts'

/** Whether what is put may, must not or must be there already. */
export type Existing = 'allow' | 'refuse' | 'require'

export type PutOutcome = 'created' | 'changed' | 'same'

/** Throws `AccessError` `RULE_EXISTS`, `NO_SUCH_RULE`. */
export function requireExisting(existing: Existing, before: Rule | undefined): void {
  if (before && existing === 'refuse') {
    throw new AccessError('RULE_EXISTS', 'There is such a rule already.')
  }
  if (!before && existing === 'require') {
    throw new AccessError('NO_SUCH_RULE', 'There is no such rule.')
  }
}

export function outcomeOf(before: Rule | undefined, after: NewRule): PutOutcome {
  if (!before) return 'created'
  const same = before.action === after.action && before.refusesMessages === after.refusesMessages
  return same ? 'same' : 'changed'
}

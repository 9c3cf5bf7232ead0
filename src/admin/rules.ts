/** What the routes of rules share: finding some, putting one, deleting some. */
import type { AccessControl } from '../core/presence/access/access-control.ts'
import { ALL_LEVEL } from '../core/presence/access/access-level.ts'
import type { Existing, PutOutcome } from '../core/presence/access/existing.ts'
import type { NewRule, Rule, RuleFilter } from '../core/presence/access/rule.ts'
import { compareText } from '../util/compare-text.ts'
import { kindOf, ruleBody } from './access-body.ts'
import type { OwnRuleFilter, OwnRulePut, RuleBody, RuleFilterQuery } from './access-schemas.ts'
import { ApiError } from './api-error.ts'
import { findWatcher, requirePresentity, requireWatcher } from './patterns.ts'
import type { Services } from './services.ts'

type Deps = Pick<Services, 'access' | 'directory'>

/** Whose, and by whose word. */
interface Owner {
  readonly presentity: string
  readonly enforced: boolean
}

/** As a destructured query has it. */
type Given<T> = { readonly [K in keyof T]?: T[K] | undefined }

export interface RulePage {
  readonly skip: number
  readonly limit: number
}

/** A page of rules in the order of their keys, and how many there are. */
export function pageOf(rules: readonly Rule[], { skip, limit }: RulePage) {
  const sorted = [...rules].sort(byKey)
  return { rules: sorted.slice(skip, skip + limit).map(ruleBody), total: rules.length }
}

/** Throws `ApiError` where an address names nobody. */
export async function parseFilter(
  { directory }: Pick<Services, 'directory'>,
  query: Given<Omit<RuleFilterQuery, 'kind'>>,
): Promise<RuleFilter> {
  const { presentity, watcher, external, level, action, enforced } = query
  return {
    ...(presentity !== undefined && { presentity: await requirePresentity(directory, presentity) }),
    ...(watcher !== undefined && { watcher: await findWatcher(directory, { watcher, external }) }),
    ...(level !== undefined && { level }),
    ...(action !== undefined && { action }),
    ...(enforced !== undefined && { enforced }),
  }
}

export function rulesOf(
  access: AccessControl,
  filter: RuleFilter,
  kind: RuleBody['kind'] | undefined,
): Rule[] {
  return access.rules(filter).filter((rule) => kind === undefined || kindOf(rule) === kind)
}

/** All in one step; answers how many. */
export async function deleteRules(access: AccessControl, rules: readonly Rule[]): Promise<number> {
  const remove = rules.map(({ presentity, watcher, level, enforced }) => {
    return { presentity, watcher, level, enforced }
  })
  if (remove.length > 0) await access.replace({ remove, put: [] })
  return remove.length
}

export function ownFilter(deps: Deps, owner: Owner, query: OwnRuleFilter): Promise<RuleFilter> {
  return parseFilter(deps, { ...query, ...owner })
}

/** Throws `ApiError` with what an address is refused with; `AccessError`. */
export async function putRule(
  { access, directory }: Deps,
  { presentity, enforced }: Owner,
  given: OwnRulePut & { existing: Existing },
): Promise<{ outcome: PutOutcome; rule: RuleBody }> {
  const { level = ALL_LEVEL.name, action, refusesMessages = false, existing } = given
  const watcher = await requireWatcher(directory, given)
  const key = { presentity, watcher, level, enforced }
  const rule: NewRule = { ...key, action, refusesMessages }
  const outcome = await access.put(rule, existing)
  const [kept] = access.rules(key)
  if (!kept) throw new ApiError('NO_SUCH_RULE')
  return { outcome, rule: ruleBody(kept) }
}

export function subjectOf(
  owner: Pick<Owner, 'presentity'> & { enforced?: boolean | undefined },
  { watcher, level, action }: Pick<OwnRulePut, 'watcher' | 'level' | 'action'>,
): string {
  const words = [owner.presentity, watcher, level ?? ALL_LEVEL.name, action]
  return (owner.enforced ? [...words, 'enforced'] : words).join(' ')
}

function byKey(a: Rule, b: Rule): number {
  return (
    compareText(a.presentity, b.presentity) ||
    compareText(a.watcher, b.watcher) ||
    compareText(a.level, b.level) ||
    Number(b.enforced) - Number(a.enforced)
  )
}

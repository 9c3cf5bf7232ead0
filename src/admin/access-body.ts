/** Access control as the API shows it. */
import type { Access } from '../core/presence/access/access.ts'
import type { AccessReason } from '../core/presence/access/access-control.ts'
import { type AccessLevel, ALL_LEVEL } from '../core/presence/access/access-level.ts'
import { ANYBODY, EXTERNAL, type Rule } from '../core/presence/access/rule.ts'
import type { LevelBody, ReasonBody, RuleBody, ViewBody } from './access-schemas.ts'

export function levelBody({ name, classes, inverted }: AccessLevel): LevelBody {
  return { name, classes: [...classes], inverted, predefined: name === ALL_LEVEL.name }
}

export function ruleBody(rule: Rule): RuleBody {
  const { presentity, watcher, level, action, enforced, refusesMessages, updatedAt } = rule
  return {
    presentity,
    watcher,
    level,
    action,
    enforced,
    refusesMessages,
    kind: kindOf(rule),
    updatedAt: new Date(updatedAt).toISOString(),
  }
}

/** By whose word the rule is made and for whom; a domain's watchers are a pair with the person. */
export function kindOf({ presentity, watcher }: Rule): RuleBody['kind'] {
  if (presentity === ANYBODY) return 'system-default'
  if (presentity.startsWith('@')) return 'domain-default'
  return watcher === ANYBODY || watcher === EXTERNAL ? 'user-default' : 'pair'
}

export function reasonBody({ class: name, action, ground }: AccessReason): ReasonBody {
  if (typeof ground === 'string') return { class: name, action, because: ground }
  return { class: name, action, because: 'rule', rule: ruleBody(ground) }
}

export function accessBody(
  { decision, visible, asks }: Access,
  reasons: readonly AccessReason[],
): Pick<ViewBody, 'decision' | 'visible' | 'classes' | 'asks' | 'reasons'> {
  const classes = reasons.filter((one) => visible.sees(one.class)).map((one) => one.class)
  const { key } = visible
  return {
    decision,
    visible: key === 'all' || key === 'none' ? key : 'some',
    classes,
    asks,
    reasons: reasons.map(reasonBody),
  }
}

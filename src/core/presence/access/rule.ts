/** One entry of an access control list. */
import { parseJid } from '../../address.ts'
import { AccessError } from './access-error.ts'
import { ALL_LEVEL } from './access-level.ts'

export const ACTIONS = ['allow', 'block', 'confirm', 'undefined'] as const
export type Action = (typeof ACTIONS)[number]

/** Stands for every presentity, or for every watcher. */
export const ANYBODY = '*'
/** Stands for every watcher who is not a user of this system. */
export const EXTERNAL = '@*'

/**
 * Who may see what. Presentity, watcher, level and `enforced` together name a rule:
 *
 * | presentity     | watcher              | is known as              |
 * |----------------|----------------------|--------------------------|
 * | `*`            | `*`                  | system default           |
 * | `*`            | `@*`                 | default for externals    |
 * | `@example.com` | `*`                  | policy for a domain      |
 * | `a@example.com`| `*`                  | user default             |
 * | `a@example.com`| `b@example.com`      | user pair                |
 * | any            | `@partner.example`   | watchers of a domain     |
 */
export interface Rule {
  readonly presentity: string
  readonly watcher: string
  /** Name of an access level. */
  readonly level: string
  /** `undefined`: as if the rule were not there. */
  readonly action: Action
  /** The administrator's, above the user's own. */
  readonly enforced: boolean
  /** Messages are refused too (XEP-0191). */
  readonly refusesMessages: boolean
  /** Milliseconds since the epoch. */
  readonly updatedAt: number
}

export type NewRule = Omit<Rule, 'updatedAt'>

/** Rules that are equal in every field that is given. */
export type RuleFilter = Partial<
  Pick<Rule, 'presentity' | 'watcher' | 'level' | 'action' | 'enforced' | 'refusesMessages'>
>

export function ruleKey({ presentity, watcher, level, enforced }: NewRule): string {
  return `${presentity}\n${watcher}\n${level}\n${enforced}`
}

export function matches(rule: Rule, filter: RuleFilter): boolean {
  return (
    (filter.presentity === undefined || filter.presentity === rule.presentity) &&
    (filter.watcher === undefined || filter.watcher === rule.watcher) &&
    (filter.level === undefined || filter.level === rule.level) &&
    (filter.action === undefined || filter.action === rule.action) &&
    (filter.enforced === undefined || filter.enforced === rule.enforced) &&
    (filter.refusesMessages === undefined || filter.refusesMessages === rule.refusesMessages)
  )
}

/** With the patterns prepared. Throws `AccessError` `BAD_RULE`. */
export function requireRule(rule: NewRule, isLocal: (domain: string) => boolean): NewRule {
  const presentity = requirePattern(rule.presentity)
  const watcher = requirePattern(rule.watcher)
  if (presentity === EXTERNAL) throw bad('only users of this system have rules')
  if (presentity.includes('@', 1) && !isLocal(presentity.slice(presentity.indexOf('@') + 1))) {
    throw bad(`${presentity} is not a user of this system`)
  }
  if (presentity === watcher && presentity.includes('@', 1)) {
    throw bad('everybody sees his own presence')
  }
  if (rule.refusesMessages && (rule.action !== 'block' || rule.level !== ALL_LEVEL.name)) {
    throw bad('messages are refused only where all presence is blocked')
  }
  return { ...rule, presentity, watcher }
}

function requirePattern(text: string): string {
  if (text === ANYBODY || text === EXTERNAL) return text
  const jid = parseJid(text.startsWith('@') ? text.slice(1) : text)
  if (text.startsWith('@')) {
    if (jid && jid.local === '' && jid.resource === '') return `@${jid.domain}`
  } else if (jid && jid.local !== '' && jid.resource === '') {
    return jid.bare
  }
  throw bad(`“${text}” is neither user@domain, @domain, @* nor *`)
}

function bad(text: string): AccessError {
  return new AccessError('BAD_RULE', text)
}

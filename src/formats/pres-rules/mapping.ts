/**
 * Access rules and pres-rules say the same in different ways: ours by precedence, RFC 4745 by the
 * union of all that match. What the two have in common: docs/adr/0009-pres-rules.md.
 */
import { type BareJid, domainOf } from '../../core/address.ts'
import { type AccessLevel, ALL_LEVEL, covers } from '../../core/presence/access/access-level.ts'
import type { NewRule, Rule } from '../../core/presence/access/rule.ts'
import { RuleIndex } from '../../core/presence/access/rule-index.ts'
import type { SourceClass } from '../../core/presence/observation.ts'

/** What rules are understood by. */
export interface MappingContext {
  /** All first. */
  readonly levels: readonly AccessLevel[]
  /** Every class that a source may have. */
  readonly classes: readonly SourceClass[]
  /** Whether users of this system have their accounts there. */
  isLocal(domain: string): boolean
}

/** One watcher, or any that no rule names: all that conditions and rules can tell apart. */
export interface Sample {
  /** `undefined`: somebody there, or somewhere, whom no rule names. */
  readonly address: BareJid | undefined
  /** `undefined`: a domain that no rule names. */
  readonly domain: string | undefined
  /** A user of this system. */
  readonly internal: boolean
}

/** What of each class; `system`: whatever the rules say that are not the presentity's own. */
export type Verdict = 'allow' | 'confirm' | 'block' | 'system'
export type Verdicts = ReadonlyMap<SourceClass, Verdict>

export const SOMEBODY: Readonly<Record<'internal' | 'external', Sample>> = {
  internal: { address: undefined, domain: undefined, internal: true },
  external: { address: undefined, domain: undefined, internal: false },
}

/** Those who share an address or a domain: not everybody at a domain of ours has an account. */
export function samplesAt(
  domain: string,
  address: BareJid | undefined,
  context: MappingContext,
): Sample[] {
  const external: Sample = { address, domain, internal: false }
  return context.isLocal(domain) ? [{ ...external, internal: true }, external] : [external]
}

export function samplesOf(pattern: string, context: MappingContext): Sample[] {
  if (pattern.startsWith('@')) return samplesAt(pattern.slice(1), undefined, context)
  const address = pattern as BareJid
  return samplesAt(domainOf(address), address, context)
}

/** The presentity's own rules, weighed as access control weighs them. */
export class OwnRules {
  readonly #owner: BareJid
  readonly #context: MappingContext
  readonly #levels: ReadonlyMap<string, AccessLevel>
  readonly #index: RuleIndex

  constructor(owner: BareJid, context: MappingContext) {
    this.#owner = owner
    this.#context = context
    this.#levels = new Map(context.levels.map((level) => [level.name, level]))
    this.#index = new RuleIndex(context.classes)
  }

  add(rules: readonly NewRule[]): void {
    for (const rule of rules) {
      const level = this.#levels.get(rule.level)
      if (level) this.#index.set(timeless(rule), level)
    }
  }

  delete(rules: readonly NewRule[]): void {
    for (const rule of rules) this.#index.delete(timeless(rule))
  }

  /** Of somebody whom the presentity's contact list does not let in. */
  verdicts({ address, domain, internal }: Sample): Verdicts {
    const name = (address ?? (domain === undefined ? '' : `@${domain}`)) as BareJid
    const verdicts = new Map<SourceClass, Verdict>()
    this.#index.decide(
      {
        presentity: this.#owner,
        watcher: { address: name, account: internal ? name : undefined, protocol: 'api' },
        granted: false,
        fallback: 'block',
        domains: [],
      },
      (mask, action, ground) => {
        for (const [bit, source] of this.#context.classes.entries()) {
          if ((mask & (1 << bit)) === 0) continue
          verdicts.set(source, ground === 'default' ? 'system' : action)
        }
      },
    )
    return verdicts
  }
}

export function sameVerdicts(a: Verdicts, b: Verdicts): boolean {
  return a.size === b.size && [...a].every(([source, verdict]) => b.get(source) === verdict)
}

/** The classes of a level in one string: two levels are alike where theirs are equal. */
export function coverage(level: AccessLevel, { classes }: MappingContext): string {
  return classes.filter((source) => covers(level, source)).join(' ')
}

export function isAll(level: AccessLevel): boolean {
  return level.name === ALL_LEVEL.name
}

function timeless(rule: NewRule): Rule {
  return { ...rule, updatedAt: 0 }
}

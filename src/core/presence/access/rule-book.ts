/** All levels and rules, in memory, and the index over them. */
import type { SourceClass } from '../observation.ts'
import { AccessError } from './access-error.ts'
import { type AccessLevel, ALL_LEVEL } from './access-level.ts'
import { matches, type NewRule, type Rule, type RuleFilter, ruleKey } from './rule.ts'
import { RuleIndex } from './rule-index.ts'

export interface StoredAccess {
  /** `All` is not among them. */
  readonly levels: readonly AccessLevel[]
  readonly rules: readonly Rule[]
}

/** Of one presentity: a list longer than that is no list that a person keeps. */
const MAX_RULES_OF_ONE = 5_000

export class RuleBook {
  readonly #classes: readonly SourceClass[]
  readonly #levels = new Map<string, AccessLevel>([[ALL_LEVEL.name, ALL_LEVEL]])
  readonly #rules = new Map<string, Rule>()
  #index: RuleIndex

  constructor(classes: readonly SourceClass[], { levels, rules }: StoredAccess) {
    this.#classes = classes
    this.#index = new RuleIndex(classes)
    for (const level of levels) this.#levels.set(level.name, level)
    for (const rule of rules) this.set(rule)
  }

  get index(): RuleIndex {
    return this.#index
  }

  /** All first. */
  levels(): readonly AccessLevel[] {
    return [...this.#levels.values()]
  }

  /** Throws `AccessError` `NO_SUCH_ACCESS_LEVEL`. */
  level(name: string): AccessLevel {
    const level = this.#levels.get(name)
    if (level) return level
    const names = [...this.#levels.keys()].join(', ')
    throw new AccessError('NO_SUCH_ACCESS_LEVEL', `no access level “${name}”; there are ${names}`)
  }

  setLevel(level: AccessLevel): void {
    this.#levels.set(level.name, level)
    this.#index = new RuleIndex(this.#classes)
    for (const rule of this.#rules.values()) this.#index.set(rule, this.level(rule.level))
  }

  deleteLevel(name: string): void {
    this.#levels.delete(name)
  }

  rules(filter: RuleFilter = {}): readonly Rule[] {
    const { presentity } = filter
    const candidates =
      presentity === undefined ? this.#rules.values() : this.#index.rulesOf(presentity)
    return [...candidates].filter((rule) => matches(rule, filter))
  }

  find(rule: NewRule): Rule | undefined {
    return this.#rules.get(ruleKey(rule))
  }

  /** Throws `AccessError` `NO_SUCH_ACCESS_LEVEL`. */
  set(rule: Rule): void {
    this.#index.set(rule, this.level(rule.level))
    this.#rules.set(ruleKey(rule), rule)
  }

  delete(rule: Rule): void {
    this.#rules.delete(ruleKey(rule))
    this.#index.delete(rule)
  }

  /** For `rules` once `removed` are gone. Throws `AccessError` `TOO_MANY_RULES`. */
  requireRoom(rules: readonly NewRule[], removed: readonly Rule[]): void {
    const gone = new Set([...removed, ...rules].map(ruleKey))
    for (const presentity of new Set(rules.map((rule) => rule.presentity))) {
      const kept = [...this.#index.rulesOf(presentity)].filter((rule) => !gone.has(ruleKey(rule)))
      const added = rules.filter((rule) => rule.presentity === presentity)
      if (kept.length + added.length > MAX_RULES_OF_ONE) {
        const text = `${presentity} may have ${MAX_RULES_OF_ONE} rules`
        throw new AccessError('TOO_MANY_RULES', text)
      }
    }
  }

  /** Those whose users a rule is about. */
  domains(): Set<string> {
    const domains = new Set<string>()
    for (const { presentity } of this.#rules.values()) {
      if (presentity.startsWith('@')) domains.add(presentity.slice(1))
    }
    return domains
  }
}

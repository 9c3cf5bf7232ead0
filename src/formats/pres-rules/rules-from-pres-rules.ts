/**
 * A document becomes access rules: watcher by watcher, as far as its conditions tell them apart, the
 * combined permissions are put into rules, and those are asked whether they decide the same.
 */
import { type BareJid, domainOf } from '../../core/address.ts'
import { ALL_LEVEL } from '../../core/presence/access/access-level.ts'
import { ANYBODY, EXTERNAL, type NewRule } from '../../core/presence/access/rule.ts'
import { addressesOf } from './addresses.ts'
import { combine, type Outcome, servicesKey, verdictsOf } from './combine.ts'
import {
  coverage,
  isAll,
  type MappingContext,
  OwnRules,
  type Sample,
  SOMEBODY,
  sameVerdicts,
  samplesOf,
} from './mapping.ts'
import { Matching } from './matching.ts'
import type { PresRule, PresRuleset, Services } from './model.ts'
import { ruleName, unsupported } from './reading.ts'

/** Throws `PresRulesError` `unsupported`: the rules say exactly what the document does, or nothing. */
export function rulesFromPresRules(
  ruleset: PresRuleset,
  owner: BareJid,
  context: MappingContext,
): NewRule[] {
  return new Translation(ruleset, owner, context).rules()
}

/** What one watcher pattern gets. */
interface Cell {
  readonly watcher: string
  readonly levels: readonly string[]
  readonly rest: 'block' | 'confirm' | undefined
}

/** What the document says of a watcher, and which of its rules. */
interface Question {
  readonly sample: Sample
  readonly matching: ReadonlySet<PresRule>
  readonly outcome: Outcome
}

class Translation {
  readonly #ruleset: PresRuleset
  readonly #owner: BareJid
  readonly #context: MappingContext
  readonly #own: OwnRules
  readonly #matching: Matching
  readonly #rules: NewRule[] = []
  /** By what they cover; All is not among them. */
  readonly #levels = new Map<string, string>()

  constructor(ruleset: PresRuleset, owner: BareJid, context: MappingContext) {
    this.#ruleset = ruleset
    this.#owner = owner
    this.#context = context
    this.#own = new OwnRules(owner, context)
    for (const level of [...context.levels].reverse()) {
      if (!isAll(level)) this.#levels.set(coverage(level, context), level.name)
    }
    this.#matching = new Matching(ruleset)
  }

  rules(): NewRule[] {
    this.#everybody()
    for (const domain of this.#domains()) this.#put(`@${domain}`)
    for (const address of addressesOf(this.#ruleset)) {
      if (address === this.#owner) this.#requireSelf()
      else this.#put(address)
    }
    return this.#rules
  }

  #domains(): Set<string> {
    const domains = new Set<string>()
    for (const { domain, exceptDomains } of this.#ruleset.rules.flatMap(({ manys }) => manys)) {
      if (domain !== undefined) domains.add(domain)
      for (const one of exceptDomains) domains.add(one)
    }
    return domains
  }

  /** Everybody sees himself, so a rule that says less of the presentity would not hold. */
  #requireSelf(): void {
    const named = this.#matching.naming(this.#owner)
    if (named.size === 0) return
    const domain = domainOf(this.#owner)
    const { outcome } = this.#question({ address: this.#owner, domain, internal: true })
    if (outcome.services.includes('all')) return
    throw unsupported(namesOf(named), 'everybody sees all of his own presence')
  }

  /** Whoever is not named: users of this system, then the others, to whom `*` does not grant. */
  #everybody(): void {
    const inside = this.#question(SOMEBODY.internal)
    const outside = this.#question(SOMEBODY.external)
    const internal = this.#cell(ANYBODY, inside.outcome)
    const external = this.#cell(EXTERNAL, outside.outcome)
    const isSaid = external.rest === internal.rest
    const rules = [
      ...rulesOf(internal, this.#owner),
      ...rulesOf(isSaid ? { ...external, rest: undefined } : external, this.#owner),
    ]
    this.#own.add(rules)
    this.#rules.push(...rules)
    for (const question of [inside, outside]) if (!this.#holds(question)) throw refusalOf(question)
  }

  #put(watcher: string): void {
    const questions = samplesOf(watcher, this.#context).map((sample) => this.#question(sample))
    const [question] = questions
    if (!question) return
    for (const rules of this.#candidates(watcher, question)) {
      this.#own.add(rules)
      if (questions.every((one) => this.#holds(one))) {
        this.#rules.push(...rules)
        return
      }
      this.#own.delete(rules)
    }
    throw refusalOf(question)
  }

  #question(sample: Sample): Question {
    const matching = this.#matching.of(sample)
    return { sample, matching, outcome: combine(matching) }
  }

  #holds({ sample, outcome }: Question): boolean {
    return sameVerdicts(this.#own.verdicts(sample), verdictsOf(outcome, this.#context))
  }

  /** With the rest left to more general rules, where the watcher is not kept out of any; or all said. */
  *#candidates(watcher: string, question: Question): Iterable<NewRule[]> {
    const { outcome, sample } = question
    const levels = this.#levelsBeside(question)
    const isNamed = this.#matching.naming(sample.address).size > 0
    // Of whom the document names, it says everything: his place on the contact list adds nothing.
    if (levels && (levels.length > 0 || !isNamed)) {
      yield rulesOf({ watcher, levels, rest: undefined }, this.#owner)
    }
    const complement = this.#complement(watcher, outcome)
    if (complement) yield complement
    else yield rulesOf(this.#cell(watcher, outcome), this.#owner)
  }

  /** What the watcher sees beside what more general rules let him; `undefined` if they are not about him. */
  #levelsBeside({ sample, matching, outcome }: Question): string[] | undefined {
    const inherited = this.#matching.of(parentOf(sample))
    if (inherited.size === 0 || !inherited.isSubsetOf(matching)) return undefined
    const keys = new Set<string>()
    for (const { permissions } of matching.difference(inherited)) {
      if (permissions.services) keys.add(servicesKey(permissions.services))
    }
    const services = outcome.services.filter((list) => keys.has(servicesKey(list)))
    const levels = services.map((list) => this.#level(list))
    return levels.every((level) => level !== undefined) ? levels : undefined
  }

  #cell(watcher: string, { services, rest }: Outcome): Cell {
    const shown = services.includes('all')
    const levels = this.#levelsFor(services)
    if (!levels) throw this.#noLevel(watcher, services)
    return { watcher, levels, rest: shown || rest === 'system' ? undefined : rest }
  }

  /** For each list a level of its own, or one for all of them. */
  #levelsFor(services: readonly Services[]): string[] | undefined {
    const levels = services.map((list) => this.#level(list))
    if (levels.every((level) => level !== undefined)) return levels
    const all = this.#level(union(services))
    return all === undefined ? undefined : [all]
  }

  /** All but a level: where no level has what is left. */
  #complement(watcher: string, { services, rest }: Outcome): NewRule[] | undefined {
    if (rest === 'system' || services.length === 0 || this.#levelsFor(services)) return undefined
    const seen = union(services)
    if (seen === 'all') return undefined
    const known = this.#context.classes
    if ([...seen].some((name) => !known.some((source) => source.toLowerCase() === name))) {
      return undefined
    }
    const hidden = new Set(known.map((one) => one.toLowerCase()).filter((one) => !seen.has(one)))
    const level = this.#level(hidden)
    if (level === undefined) return undefined
    const base = ruleBase(watcher, this.#owner)
    return [
      { ...base, level, action: rest },
      { ...base, level: ALL_LEVEL.name, action: 'allow' },
    ]
  }

  /** The level that has exactly these classes. */
  #level(services: Services): string | undefined {
    if (services === 'all') return ALL_LEVEL.name
    const sources = this.#context.classes.filter((source) => services.has(source.toLowerCase()))
    if (sources.length !== services.size) return undefined
    return this.#levels.get(sources.join(' '))
  }

  #noLevel(watcher: string, services: readonly Services[]) {
    const missing = services.find((list) => this.#level(list) === undefined) ?? 'all'
    const rules = this.#ruleset.rules.filter(
      ({ permissions }) =>
        permissions.services && servicesKey(permissions.services) === servicesKey(missing),
    )
    const classes = servicesKey(missing).replaceAll(' ', ', ')
    return unsupported(
      namesOf(rules),
      `no access level has exactly the classes ${classes}, for ${watcher}`,
    )
  }
}

function refusalOf({ sample, matching }: Question) {
  const { address, domain } = sample
  const whom = address ?? (domain === undefined ? 'everybody' : `everybody at ${domain}`)
  const text = `what they say together of ${whom} cannot be said by access rules`
  return unsupported(namesOf(matching), text)
}

/** Of whom a watcher is one, if he is not named. */
function parentOf({ address, domain, internal }: Sample): Sample {
  if (address !== undefined) return { address: undefined, domain, internal }
  return SOMEBODY[internal ? 'internal' : 'external']
}

function rulesOf({ watcher, levels, rest }: Cell, owner: BareJid): NewRule[] {
  const base = ruleBase(watcher, owner)
  const rules: NewRule[] = levels.map((level) => ({ ...base, level, action: 'allow' }))
  if (rest !== undefined) rules.push({ ...base, level: ALL_LEVEL.name, action: rest })
  return rules
}

function ruleBase(watcher: string, presentity: BareJid) {
  return { presentity, watcher, enforced: false, refusesMessages: false } as const
}

function union(services: readonly Services[]): Services {
  const classes = new Set<string>()
  for (const list of services) {
    if (list === 'all') return 'all'
    for (const name of list) classes.add(name)
  }
  return classes
}

function namesOf(rules: Iterable<PresRule>): string {
  const names = [...rules].map(({ id }) => ruleName(id))
  return names.length === 0 ? 'the document' : names.join(', ')
}

/**
 * Access rules become a document: each watcher pattern a rule of its own, and whoever is decided by
 * it alone is excepted from the more general ones, since in a document those would add to it.
 */
import type { BareJid } from '../../core/address.ts'
import { ANYBODY, EXTERNAL, type Rule } from '../../core/presence/access/rule.ts'
import type { SourceClass } from '../../core/presence/observation.ts'
import { combine, servicesKey, verdictsOf } from './combine.ts'
import {
  coverage,
  isAll,
  type MappingContext,
  OwnRules,
  type Sample,
  SOMEBODY,
  sameVerdicts,
  samplesOf,
  type Verdict,
} from './mapping.ts'
import { Matching } from './matching.ts'
import {
  ATTRIBUTES,
  type Many,
  NOTHING_GRANTED,
  type Permissions,
  PresRulesError,
  type PresRuleset,
  type Scope,
  type Services,
} from './model.ts'

/** What the rules of one watcher pattern say, whatever others say. */
interface Content {
  readonly services: readonly Services[]
  /** `open`: left to more general rules. */
  readonly rest: 'block' | 'confirm' | 'open'
}

interface Term {
  readonly ones: readonly BareJid[]
  readonly manys: readonly Many[]
}

/**
 * Of `rules` those that are the owner's own. Throws `PresRulesError` `unsupported` where a document
 * cannot say the same, such as “all but the telephone” for a watcher whose rest is left open.
 */
export function presRulesFromRules(
  rules: readonly Rule[],
  owner: BareJid,
  context: MappingContext,
): PresRuleset {
  const own = rules.filter(
    (rule) => rule.presentity === owner && !rule.enforced && rule.action !== 'undefined',
  )
  const ruleset = new Rendition(own, context).ruleset()
  requireSame(ruleset, own, { owner, context })
  return ruleset
}

class Rendition {
  readonly #context: MappingContext
  readonly #cells = new Map<string, Content>()
  /** Who is decided by rules of his own alone; addresses by domain. */
  readonly #closedDomains = new Set<string>()
  readonly #closedAddresses = new Map<string, BareJid[]>()
  readonly #everybody: Readonly<Record<'internal' | 'external', Content>>

  constructor(own: readonly Rule[], context: MappingContext) {
    this.#context = context
    const byWatcher = Map.groupBy(own, ({ watcher }) => watcher)
    const general = byWatcher.get(ANYBODY) ?? []
    const external = byWatcher.get(EXTERNAL) ?? []
    // An Allow for everybody is for everybody of this system.
    const others = general.filter(({ action }) => action !== 'allow')
    this.#everybody = {
      internal: contentOf([general], context),
      external: contentOf([external, others], context),
    }
    for (const [watcher, rules] of byWatcher) {
      if (watcher === ANYBODY || watcher === EXTERNAL) continue
      const content = contentOf([rules], context)
      this.#cells.set(watcher, content)
      if (content.rest !== 'open') this.#close(watcher)
    }
  }

  #close(watcher: string): void {
    const at = watcher.indexOf('@')
    const domain = watcher.slice(at + 1)
    if (at === 0) this.#closedDomains.add(domain)
    else {
      const addresses = this.#closedAddresses.get(domain) ?? []
      addresses.push(watcher as BareJid)
      this.#closedAddresses.set(domain, addresses)
    }
  }

  ruleset(): PresRuleset {
    const found = new Map<string, { ones: BareJid[]; manys: Many[]; permissions: Permissions }>()
    for (const [term, permissions] of this.#statements()) {
      const key = `${kindOf(term)} ${permissionsKey(permissions)}`
      const rule = found.get(key) ?? { ones: [], manys: [], permissions }
      rule.ones.push(...term.ones)
      rule.manys.push(...term.manys)
      found.set(key, rule)
    }
    const rules = [...found.values()].map(({ ones, manys, permissions }, at) => {
      return { id: `r${at + 1}`, ones: new Set(ones), manys, permissions }
    })
    return { rules }
  }

  *#statements(): Iterable<[Term, Permissions]> {
    for (const watcher of [...this.#cells.keys()].sort()) {
      const content = this.#contentOf(watcher)
      const term = this.#termOf(watcher)
      for (const permissions of permissionsOf(content)) yield [term, permissions]
    }
    const { internal, external } = this.#everybody
    const isOne = contentKey(internal) === contentKey(external)
    const scopes: [Scope, Content][] = isOne
      ? [['anybody', internal]]
      : [
          ['internal', internal],
          ['external', external],
        ]
    for (const [scope, content] of scopes) {
      const term = { ones: [], manys: [this.#many({ scope, domain: undefined })] }
      for (const permissions of permissionsOf(content)) {
        yield [term, { ...permissions, systemPolicy: content.rest === 'open' }]
      }
      if (content.rest === 'open' && content.services.length === 0) {
        yield [term, { ...NOTHING_GRANTED, systemPolicy: true }]
      }
    }
  }

  #termOf(watcher: string): Term {
    if (!watcher.startsWith('@')) return { ones: [watcher as BareJid], manys: [] }
    return { ones: [], manys: [this.#many({ scope: 'anybody', domain: watcher.slice(1) })] }
  }

  #many({ scope, domain }: Pick<Many, 'scope' | 'domain'>): Many {
    if (domain !== undefined) {
      const exceptAddresses = new Set(this.#closedAddresses.get(domain))
      return { scope, domain, exceptDomains: new Set(), exceptAddresses }
    }
    const exceptAddresses = new Set<BareJid>()
    for (const [place, addresses] of this.#closedAddresses) {
      // A domain that is excepted takes its users along.
      if (this.#closedDomains.has(place)) continue
      for (const address of addresses) exceptAddresses.add(address)
    }
    return { scope, domain, exceptDomains: this.#closedDomains, exceptAddresses }
  }

  /** A confirmation that is left to a more general rule has to be said: the lists of both add up. */
  #contentOf(watcher: string): Content {
    const content = this.#cells.get(watcher)
    if (!content) return { services: [], rest: 'open' }
    return content.rest === 'open' && this.#restOf(watcher) === 'confirm'
      ? { ...content, rest: 'confirm' }
      : content
  }

  #restOf(watcher: string): Content['rest'] {
    const domain = watcher.slice(watcher.indexOf('@') + 1)
    const place = watcher.startsWith('@') ? undefined : this.#cells.get(`@${domain}`)
    if (place && place.rest !== 'open') return place.rest
    return this.#everybody[this.#context.isLocal(domain) ? 'internal' : 'external'].rest
  }
}

/** `cells` in the order in which they are asked; what is shown is what the first of them shows. */
function contentOf(cells: readonly (readonly Rule[])[], context: MappingContext): Content {
  const verdicts = cellVerdicts(cells, context)
  const [first = []] = cells
  const rest = new Set([...verdicts.values()].filter(isRest))
  const [only = 'block', second] = rest
  if (second) {
    const whom = first[0]?.watcher ?? cells[1]?.[0]?.watcher
    const text = `the rules about ${whom} cannot be said in pres-rules: what is not allowed is ${[...rest].map(wordOf).join(' and ')}`
    throw new PresRulesError('unsupported', text)
  }
  return {
    services: servicesOf(first, verdicts, context),
    rest: only === 'system' ? 'open' : only,
  }
}

function isRest(verdict: Verdict): verdict is Exclude<Verdict, 'allow'> {
  return verdict !== 'allow'
}

function wordOf(verdict: Verdict): string {
  return verdict === 'system' ? 'left open' : `to ${verdict}`
}

function cellVerdicts(
  cells: readonly (readonly Rule[])[],
  context: MappingContext,
): ReadonlyMap<SourceClass, Verdict> {
  const verdicts = new Map<SourceClass, Verdict>(context.classes.map((name) => [name, 'system']))
  for (const cell of cells) {
    const [rule] = cell
    if (!rule) continue
    // One pattern at a time: its rules weigh as those of a watcher of that address would.
    const own = new OwnRules(rule.presentity as BareJid, context)
    own.add(cell.map((one) => ({ ...one, watcher: CELL })))
    for (const [source, verdict] of own.verdicts(CELL_SAMPLE)) {
      if (verdicts.get(source) === 'system') verdicts.set(source, verdict)
    }
  }
  return verdicts
}

const CELL = 'cell@invalid' as BareJid
const CELL_SAMPLE: Sample = { address: CELL, domain: 'invalid', internal: true }

/** A list for each level that is allowed as a whole; one list where narrower levels say otherwise. */
function servicesOf(
  rules: readonly Rule[],
  verdicts: ReadonlyMap<SourceClass, Verdict>,
  context: MappingContext,
): Services[] {
  const seen = [...verdicts].filter(([, verdict]) => verdict === 'allow').map(([name]) => name)
  if (seen.length === 0) return []
  const allowed = rules.filter(({ action }) => action === 'allow').map(({ level }) => level)
  const levels = context.levels.filter(
    (level) => allowed.includes(level.name) && coverage(level, context) !== '',
  )
  const visible = new Set(seen)
  const isWhole = levels.every((level) =>
    coverage(level, context)
      .split(' ')
      .every((name) => visible.has(name)),
  )
  if (!isWhole) return [new Set(seen.map((name) => name.toLowerCase()))]
  return levels.map((level) =>
    isAll(level) ? 'all' : new Set(coverage(level, context).toLowerCase().split(' ')),
  )
}

function permissionsOf({ services, rest }: Content): Permissions[] {
  const confirmRest = rest === 'confirm'
  if (services.length > 0) {
    return services.map((list) => ({
      handling: 'allow',
      services: list,
      persons: true,
      devices: true,
      attributes: new Set(ATTRIBUTES),
      systemPolicy: false,
      confirmRest: confirmRest && !services.includes('all'),
    }))
  }
  if (rest === 'open') return []
  // RFC 5025 §3.2.1: active, and nothing to see.
  return [{ ...NOTHING_GRANTED, handling: rest === 'block' ? 'polite-block' : 'confirm' }]
}

/** A rule that also named more specific watchers would hide that they are decided alone. */
function kindOf({ manys: [many] }: Term): string {
  if (!many) return 'addresses'
  return many.domain === undefined ? 'everybody' : 'domains'
}

function contentKey({ services, rest }: Content): string {
  return `${services.map(servicesKey).sort().join('\n')}\n\n${rest}`
}

function permissionsKey({ handling, services, systemPolicy, confirmRest }: Permissions): string {
  return `${handling} ${systemPolicy} ${confirmRest} ${services ? servicesKey(services) : ''}`
}

/** What was written is read as any other server would, watcher by watcher. */
function requireSame(
  ruleset: PresRuleset,
  own: readonly Rule[],
  { owner, context }: { owner: BareJid; context: MappingContext },
): void {
  const matching = new Matching(ruleset)
  const weighed = new OwnRules(owner, context)
  weighed.add(own)
  const patterns = new Set(own.map(({ watcher }) => watcher))
  patterns.delete(ANYBODY)
  patterns.delete(EXTERNAL)
  const samples = [...patterns].flatMap((pattern) => samplesOf(pattern, context))
  for (const sample of [SOMEBODY.internal, SOMEBODY.external, ...samples]) {
    const said = combine(matching.of(sample))
    if (sameVerdicts(verdictsOf(said, context), weighed.verdicts(sample))) continue
    const whom = sample.address ?? (sample.domain === undefined ? 'everybody' : `@${sample.domain}`)
    const text = `what the rules say of ${whom} cannot be said in pres-rules`
    throw new PresRulesError('unsupported', text)
  }
}

/**
 * Access rules, found by whom they concern and weighed in the order of their precedence.
 * A set of classes is a bit mask here: deciding costs a few look-ups and no allocation.
 */
import { type BareJid, domainOf } from '../../address.ts'
import type { SourceClass } from '../observation.ts'
import type { Watcher } from './access.ts'
import { type AccessLevel, covers, width } from './access-level.ts'
import { ANYBODY, EXTERNAL, type Rule } from './rule.ts'

/** 31 bits fit into a small integer. */
export const MAX_CLASSES = 30

interface Entry {
  readonly rule: Rule
  readonly mask: number
  readonly width: number
}

/** By watcher pattern; within one cell the narrowest level first, of two as wide the stricter. */
type Row = Map<string, Entry[]>
/** By presentity pattern. */
type Band = Map<string, Row>

/** What an undecided class falls to. */
export type Fallback = 'allow' | 'confirm' | 'block'

export interface Question {
  readonly presentity: BareJid
  readonly watcher: Watcher
  /** The presentity's contact list lets the watcher see him. */
  readonly granted: boolean
  readonly fallback: Fallback
  /** Domains that the presentity belongs to beside that of his account. */
  readonly domains: readonly string[]
}

/** Bit masks of classes. */
export interface Verdict {
  allow: number
  confirm: number
}

export type Ground = Rule | 'subscription' | 'default'
type Trace = (mask: number, action: 'allow' | 'confirm' | 'block', ground: Ground) => void

const STRICTNESS = { block: 0, confirm: 1, allow: 2, undefined: 3 } as const

export class RuleIndex {
  readonly #classes: readonly SourceClass[]
  readonly #everything: number
  #enforced: Band = new Map()
  #own: Band = new Map()
  /** Rules for more than one presentity. */
  #general = 0

  constructor(classes: readonly SourceClass[]) {
    if (classes.length > MAX_CLASSES) throw new RangeError(`more than ${MAX_CLASSES} classes`)
    this.#classes = classes
    this.#everything = 2 ** classes.length - 1
  }

  get everything(): number {
    return this.#everything
  }

  classesOf(mask: number): SourceClass[] {
    return this.#classes.filter((_, bit) => (mask & (1 << bit)) !== 0)
  }

  set(rule: Rule, level: AccessLevel): void {
    this.delete(rule)
    const band = rule.enforced ? this.#enforced : this.#own
    const row = band.get(rule.presentity) ?? new Map<string, Entry[]>()
    const cell = row.get(rule.watcher) ?? []
    // Who refuses even messages is seen by nobody at any level (docs/adr/0011-blocking.md).
    const narrowness = rule.refusesMessages ? 0 : width(level)
    cell.push({ rule, mask: this.#maskOf(level), width: narrowness })
    cell.sort(byPrecedence)
    row.set(rule.watcher, cell)
    band.set(rule.presentity, row)
    if (isGeneral(rule)) this.#general += 1
  }

  delete({ presentity, watcher, level, enforced }: Rule): void {
    const band = enforced ? this.#enforced : this.#own
    const row = band.get(presentity)
    const cell = row?.get(watcher)
    const at = cell?.findIndex(({ rule }) => rule.level === level) ?? -1
    if (!row || !cell || at < 0) return
    cell.splice(at, 1)
    if (cell.length === 0) row.delete(watcher)
    if (row.size === 0) band.delete(presentity)
    if (isGeneral({ presentity })) this.#general -= 1
  }

  /** The rules of one presentity pattern. */
  *rulesOf(presentity: string): Iterable<Rule> {
    for (const band of [this.#enforced, this.#own]) {
      for (const cell of band.get(presentity)?.values() ?? []) {
        for (const { rule } of cell) yield rule
      }
    }
  }

  /** Whether the presentity's own rule for this address or its domain refuses messages, too. */
  refuses(presentity: BareJid, address: BareJid): boolean {
    const row = this.#own.get(presentity)
    if (!row) return false
    return isRefusal(row.get(address)) || isRefusal(row.get(`@${domainOf(address)}`))
  }

  /** Whether any rule could speak about this presentity; where none does, the fallback does. */
  concerns(presentity: BareJid): boolean {
    return this.#general > 0 || this.#own.has(presentity) || this.#enforced.has(presentity)
  }

  decide(question: Question, trace?: Trace): Verdict {
    const walk = new Walk(this.#everything, question.watcher.account === undefined, trace)
    if (!walk.band(this.#enforced, question, false) && !walk.band(this.#own, question, true)) {
      walk.rest(question.fallback)
    }
    return walk
  }

  #maskOf(level: AccessLevel): number {
    let mask = 0
    for (const [bit, name] of this.#classes.entries()) if (covers(level, name)) mask |= 1 << bit
    return mask
  }
}

/** One question on its way through the rules; `open` are the classes that none has decided yet. */
class Walk implements Verdict {
  allow = 0
  confirm = 0
  #open: number
  readonly #external: boolean
  readonly #trace: Trace | undefined

  constructor(open: number, external: boolean, trace: Trace | undefined) {
    this.#open = open
    this.#external = external
    this.#trace = trace
  }

  /** Presentity patterns from the specific to the general; answers whether all is decided. */
  band(band: Band, question: Question, own: boolean): boolean {
    const { presentity, watcher, granted, domains } = question
    const mayGrant = own && granted
    if (band.size === 0 && !mayGrant) return false
    const row = band.get(presentity)
    if (this.#cell(row?.get(watcher.address))) return true
    if (mayGrant) {
      if (this.#refused(row, watcher.address)) return true
      this.#settle(this.#open, 'allow', 'subscription')
      return true
    }
    if (this.#general(row, watcher)) return true
    if (band.size === 0) return false
    for (const domain of [domainOf(presentity), ...domains]) {
      if (this.#row(band.get(`@${domain}`), watcher)) return true
    }
    return this.#row(band.get(ANYBODY), watcher)
  }

  rest(fallback: Fallback): void {
    this.#settle(this.#open, fallback, 'default')
  }

  /** A domain that is blocked for messages, too, is blocked with the contacts in it (XEP-0191 §5). */
  #refused(row: Row | undefined, address: string): boolean {
    const cell = row?.get(address.slice(address.indexOf('@')))
    for (const { rule, mask } of cell ?? []) {
      if (rule.refusesMessages) this.#settle(mask & this.#open, 'block', rule)
    }
    return this.#open === 0
  }

  #row(row: Row | undefined, watcher: Watcher): boolean {
    return this.#cell(row?.get(watcher.address)) || this.#general(row, watcher)
  }

  #general(row: Row | undefined, { address }: Watcher): boolean {
    if (!row) return false
    const at = address.indexOf('@')
    if (at >= 0 && this.#cell(row.get(address.slice(at)))) return true
    if (this.#external && this.#cell(row.get(EXTERNAL))) return true
    return this.#cell(row.get(ANYBODY))
  }

  #cell(cell: readonly Entry[] | undefined): boolean {
    if (!cell) return false
    for (const { rule, mask } of cell) {
      const { action } = rule
      const hit = mask & this.#open
      if (hit === 0 || action === 'undefined') continue
      // An Allow for everybody means everybody of this system.
      if (action === 'allow' && this.#external && rule.watcher === ANYBODY) continue
      this.#settle(hit, action, rule)
    }
    return this.#open === 0
  }

  #settle(mask: number, action: Fallback, ground: Ground): void {
    if (action === 'allow') this.allow |= mask
    else if (action === 'confirm') this.confirm |= mask
    this.#open &= ~mask
    if (mask !== 0) this.#trace?.(mask, action, ground)
  }
}

function isRefusal(cell: readonly Entry[] | undefined): boolean {
  return cell?.some(({ rule }) => rule.refusesMessages) ?? false
}

function byPrecedence(a: Entry, b: Entry): number {
  return a.width - b.width || STRICTNESS[a.rule.action] - STRICTNESS[b.rule.action]
}

function isGeneral({ presentity }: Pick<Rule, 'presentity'>): boolean {
  return presentity === ANYBODY || presentity.startsWith('@')
}

/** What a document says of a watcher: RFC 4745 §10, with the values of RFC 5025. */

import type { MappingContext, Verdict, Verdicts } from './mapping.ts'
import {
  ATTRIBUTES,
  type Permissions,
  type PresRule,
  type Services,
  SUB_HANDLINGS,
  type SubHandling,
} from './model.ts'
import { ruleName, unsupported } from './reading.ts'

/** What is seen, and what becomes of the rest. */
export interface Outcome {
  /** As the matching rules name them, each list once. */
  readonly services: readonly Services[]
  readonly rest: 'block' | 'confirm' | 'system'
}

const BLOCKED: Outcome = { services: [], rest: 'block' }
const PENDING: Outcome = { services: [], rest: 'confirm' }
const SYSTEM: Outcome = { services: [], rest: 'system' }

/** Throws `PresRulesError` `unsupported` for what access rules cannot do. */
export function combine(matching: Iterable<PresRule>): Outcome {
  const rules = [...matching]
  const all = rules.map(({ permissions }) => permissions)
  const handling = highest(all)
  const systemPolicy = all.some((one) => one.systemPolicy)
  const confirmRest = all.some((one) => one.confirmRest)
  const where = rules.map(({ id }) => ruleName(id)).join(', ')
  if (systemPolicy && confirmRest) throw unsupported(where, 'the rest is handled in two ways')
  if (handling === 'allow') {
    const services = servicesOf(all)
    if (services.length > 0) {
      requireWhole(all, where)
      return { services, rest: systemPolicy ? 'system' : confirmRest ? 'confirm' : 'block' }
    }
  }
  if (handling === 'confirm' && !systemPolicy) return PENDING
  if (confirmRest) throw unsupported(where, 'confirm-rest needs something that is provided')
  if (!systemPolicy) return BLOCKED
  if (handling === undefined || handling === 'block') return SYSTEM
  throw unsupported(where, `system-policy together with ${handling} cannot be kept`)
}

/** §10.2, and RFC 5025 §3.2.1: an integer. */
function highest(all: readonly Permissions[]): SubHandling | undefined {
  return SUB_HANDLINGS.findLast((value) => all.some(({ handling }) => handling === value))
}

/** Those that provide anything: an empty list is a permission to see nothing. */
function servicesOf(all: readonly Permissions[]): Services[] {
  const lists = new Map<string, Services>()
  for (const { services } of all) {
    if (services === undefined || (services !== 'all' && services.size === 0)) continue
    lists.set(servicesKey(services), services)
  }
  return [...lists.values()]
}

export function servicesKey(services: Services): string {
  return services === 'all' ? '*' : [...services].sort().join(' ')
}

/** Presence is composed for each watcher from what he may see, and then shown whole. */
function requireWhole(all: readonly Permissions[], where: string): void {
  if (!all.some(({ persons }) => persons)) {
    const text = 'services without the person cannot be kept: provide all-persons with them'
    throw unsupported(where, text)
  }
  if (!all.some(({ devices }) => devices)) {
    throw unsupported(
      where,
      'services without the devices cannot be kept: provide all-devices with them',
    )
  }
  const missing = ATTRIBUTES.filter((name) => !all.some(({ attributes }) => attributes.has(name)))
  if (missing.length > 0) {
    const text = `${missing.join(', ')} cannot be held back: provide-all-attributes`
    throw unsupported(where, text)
  }
}

export function verdictsOf({ services, rest }: Outcome, { classes }: MappingContext): Verdicts {
  const verdict = (source: string): Verdict =>
    services.some((list) => list === 'all' || list.has(source.toLowerCase())) ? 'allow' : rest
  return new Map(classes.map((source) => [source, verdict(source)]))
}

/** Which rules of a document are about a watcher (RFC 4745 §10.1). */
import type { BareJid } from '../../core/address.ts'
import type { Sample } from './mapping.ts'
import type { Many, PresRule, PresRuleset } from './model.ts'

export class Matching {
  readonly #byAddress = new Map<BareJid, Set<PresRule>>()
  readonly #byDomain = new Map<string, Set<PresRule>>()
  /** About more than one domain. */
  readonly #general = new Set<PresRule>()

  constructor({ rules }: PresRuleset) {
    for (const rule of rules) {
      for (const one of rule.ones) collect(this.#byAddress, one, rule)
      for (const { domain } of rule.manys) {
        if (domain === undefined) this.#general.add(rule)
        else collect(this.#byDomain, domain, rule)
      }
    }
  }

  of(sample: Sample): ReadonlySet<PresRule> {
    const { address, domain } = sample
    const matching = new Set(this.naming(address))
    const local = domain === undefined ? [] : (this.#byDomain.get(domain) ?? [])
    for (const rules of [local, this.#general]) {
      for (const rule of rules) {
        if (rule.manys.some((many) => isAmong(many, sample))) matching.add(rule)
      }
    }
    return matching
  }

  /** The rules that name this one watcher. */
  naming(address: BareJid | undefined): ReadonlySet<PresRule> {
    return (address === undefined ? undefined : this.#byAddress.get(address)) ?? new Set()
  }
}

function isAmong(many: Many, { address, domain, internal }: Sample): boolean {
  if (many.scope !== 'anybody' && (many.scope === 'internal') !== internal) return false
  if (many.domain !== undefined && many.domain !== domain) return false
  if (domain !== undefined && many.exceptDomains.has(domain)) return false
  return address === undefined || !many.exceptAddresses.has(address)
}

function collect<K>(index: Map<K, Set<PresRule>>, key: K, rule: PresRule): void {
  const rules = index.get(key)
  if (rules) rules.add(rule)
  else index.set(key, new Set([rule]))
}

import { type BareJid, domainOf } from '../../address.ts'
import type { People } from './ports.ts'

/** By domain that a rule names: who has an address there without having his account there. */
export class DomainMembers {
  static readonly NONE = new DomainMembers(new Map())
  readonly #accounts: ReadonlyMap<string, ReadonlySet<BareJid>>

  private constructor(accounts: ReadonlyMap<string, ReadonlySet<BareJid>>) {
    this.#accounts = accounts
  }

  static async load(people: People, domains: Iterable<string>): Promise<DomainMembers> {
    const members = new Map<string, ReadonlySet<BareJid>>()
    for (const domain of new Set(domains)) {
      const accounts = await people.accountsWithAddressIn(domain)
      members.set(domain, new Set(accounts.filter((account) => domainOf(account) !== domain)))
    }
    return members.size === 0 ? DomainMembers.NONE : new DomainMembers(members)
  }

  domainsOf(account: BareJid): readonly string[] {
    const domains: string[] = []
    for (const [domain, accounts] of this.#accounts) if (accounts.has(account)) domains.push(domain)
    return domains
  }
}

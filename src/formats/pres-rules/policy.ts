/** A user's own rules as a document, and back. */
import type { BareJid } from '../../core/address.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import type { NewRule, Rule } from '../../core/presence/access/rule.ts'
import type { Directory } from '../../directory/directory.ts'
import { addressesOf, withAddresses } from './addresses.ts'
import type { MappingContext } from './mapping.ts'
import type { PresRuleset } from './model.ts'
import { parsePresRules } from './parse.ts'
import { presRulesFromRules } from './pres-rules-from-rules.ts'
import { renderPresRules } from './render.ts'
import { rulesFromPresRules } from './rules-from-pres-rules.ts'

interface PolicyDeps {
  readonly access: AccessControl
  readonly people: Pick<Directory, 'isLocal' | 'resolve'>
}

/** All that the document says, as rules about accounts. Throws `PresRulesError`. */
export async function readPolicy(
  deps: PolicyDeps,
  owner: BareJid,
  document: Uint8Array,
): Promise<NewRule[]> {
  const ruleset = await byAccount(deps, parsePresRules(document))
  return rulesFromPresRules(ruleset, owner, contextOf(deps))
}

/** Throws `PresRulesError` `unsupported` where no document says the same. */
export function renderPolicy(deps: PolicyDeps, owner: BareJid, rules: readonly Rule[]): string {
  return renderPresRules(presRulesFromRules(rules, owner, contextOf(deps)))
}

function contextOf({ access, people }: PolicyDeps): MappingContext {
  return {
    levels: access.levels(),
    classes: access.classes,
    isLocal: (domain) => people.isLocal(domain),
  }
}

/** A rule about an alias would never be asked about. */
async function byAccount({ people }: PolicyDeps, ruleset: PresRuleset): Promise<PresRuleset> {
  const accounts = new Map<BareJid, BareJid>()
  for (const address of addressesOf(ruleset)) {
    const found = await people.resolve(address)
    if (found.kind === 'user' && found.account !== address) accounts.set(address, found.account)
  }
  return accounts.size === 0 ? ruleset : withAddresses(ruleset, accounts)
}

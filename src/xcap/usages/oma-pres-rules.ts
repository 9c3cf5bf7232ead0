/** Presence rules as OMA clients write them (OMA-TS-Presence_SIMPLE_XDM §5.1): the same access rules. */
import type { BareJid } from '../../core/address.ts'
import { AUTH_POLICY, NS_COMMON_POLICY, NS_PRES_RULES } from '../../formats/pres-rules/model.ts'
import { NS_OMA_POLICY, type OmaConditionsDeps, plainPolicy } from '../access/oma-conditions.ts'
import { type SharedPolicyDeps, sharedPolicy } from '../access/shared-policy.ts'
import { type ApplicationUsage, defineUsage } from '../application-usage.ts'
import { requireRoot } from '../schema.ts'

export const OMA_PRES_RULES = 'org.openmobilealliance.pres-rules'
export const OMA_PRES_RULES_NAME = 'pres-rules'

/** Whose rules go by lists, and so change with them. */
export class ListPolicies {
  readonly #accounts = new Set<BareJid>()

  has(account: BareJid): boolean {
    return this.#accounts.has(account)
  }

  set(account: BareJid, text: string | undefined): void {
    if (text?.includes('external-list')) this.#accounts.add(account)
    else this.#accounts.delete(account)
  }
}

export function omaPresRules(
  deps: SharedPolicyDeps & OmaConditionsDeps,
  policies: ListPolicies,
): ApplicationUsage {
  const name = OMA_PRES_RULES_NAME
  return defineUsage({
    auid: OMA_PRES_RULES,
    specs: ['RFC 5025', 'RFC 4745'],
    mimeType: AUTH_POLICY,
    defaultNs: NS_COMMON_POLICY,
    namespaces: [NS_COMMON_POLICY, NS_PRES_RULES, NS_OMA_POLICY],
    allows: (wanted) => wanted === name,
    check: ({ root }) => requireRoot(root, 'ruleset', NS_COMMON_POLICY),
    shared: sharedPolicy(deps, { name, plain: (candidate) => plainPolicy(deps, candidate) }),
    stored: ({ account, text }) => policies.set(account, text),
  })
}

/** Presence authorization rules (RFC 5025 §9): a user's own access rules. */
import { AUTH_POLICY, NS_COMMON_POLICY, NS_PRES_RULES } from '../../formats/pres-rules/model.ts'
import { type SharedPolicyDeps, sharedPolicy } from '../access/shared-policy.ts'
import { type ApplicationUsage, defineUsage } from '../application-usage.ts'
import { requireRoot } from '../schema.ts'

export function presRules(deps: SharedPolicyDeps): ApplicationUsage {
  return defineUsage({
    auid: 'pres-rules',
    specs: ['RFC 5025', 'RFC 4745'],
    mimeType: AUTH_POLICY,
    // RFC 5025 §9.4
    defaultNs: NS_COMMON_POLICY,
    namespaces: [NS_COMMON_POLICY, NS_PRES_RULES],
    allows: (name) => name === 'index',
    check: ({ root }) => requireRoot(root, 'ruleset', NS_COMMON_POLICY),
    shared: sharedPolicy(deps, { name: 'index', plain: ({ text }) => text }),
  })
}

/** The application usages that are served; their order is that of `xcap-caps`. */
import type { OmaConditionsDeps } from '../access/oma-conditions.ts'
import type { SharedPolicyDeps } from '../access/shared-policy.ts'
import type { ApplicationUsage } from '../application-usage.ts'
import type { SharedContactsDeps } from '../contacts/shared-contacts.ts'
import { type ListPolicies, omaPresRules } from './oma-pres-rules.ts'
import { type PidfManipulationDeps, pidfManipulation } from './pidf-manipulation.ts'
import { type PresContentDeps, presContent } from './pres-content.ts'
import { presRules } from './pres-rules.ts'
import { resourceLists } from './resource-lists.ts'
import { type RlsServicesDeps, rlsServices } from './rls-services.ts'
import { xcapCaps } from './xcap-caps.ts'
import { type XcapDirectoryDeps, xcapDirectory } from './xcap-directory.ts'

export type UsagesDeps = SharedContactsDeps &
  SharedPolicyDeps &
  OmaConditionsDeps &
  PidfManipulationDeps &
  RlsServicesDeps &
  PresContentDeps &
  XcapDirectoryDeps & { readonly policies: ListPolicies }

/** `more` than the server has by itself. */
export function xcapUsages(
  deps: UsagesDeps,
  more: readonly ApplicationUsage[],
): readonly ApplicationUsage[] {
  const usages = [
    resourceLists(deps),
    rlsServices(deps),
    presRules(deps),
    omaPresRules(deps, deps.policies),
    pidfManipulation(deps),
    presContent(deps),
    xcapDirectory(deps),
    ...more,
  ]
  return [xcapCaps(usages), ...usages]
}

/** The application usages that are served; their order is that of `xcap-caps`. */
import type { ApplicationUsage } from '../application-usage.ts'
import type { SharedContactsDeps } from '../contacts/shared-contacts.ts'
import { resourceLists } from './resource-lists.ts'
import { xcapCaps } from './xcap-caps.ts'

export interface UsagesDeps extends SharedContactsDeps {}

/** `more` than the server has by itself. */
export function xcapUsages(
  deps: UsagesDeps,
  more: readonly ApplicationUsage[],
): readonly ApplicationUsage[] {
  const usages = [resourceLists(deps), ...more]
  return [xcapCaps(usages), ...usages]
}

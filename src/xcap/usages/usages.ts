/** The application usages that are served; their order is that of `xcap-caps`. */
import type { ApplicationUsage } from '../application-usage.ts'
import { xcapCaps } from './xcap-caps.ts'

export function xcapUsages(more: readonly ApplicationUsage[]): readonly ApplicationUsage[] {
  const usages: ApplicationUsage[] = [...more]
  return [xcapCaps(usages), ...usages]
}

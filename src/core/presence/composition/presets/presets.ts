/** The composition tables that there are to choose from, for each domain. */
import type { CompositionPreset } from '../table.ts'
import { ENTERPRISE } from './enterprise.ts'
import { MICROSOFT } from './microsoft.ts'

/** The first is the default. */
export const PRESETS: readonly CompositionPreset[] = [ENTERPRISE, MICROSOFT]

/** `undefined` where there is none of that name. */
export function presetNamed(name: string): CompositionPreset | undefined {
  return PRESETS.find((preset) => preset.name === name)
}

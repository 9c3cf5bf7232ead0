/** What sources say, written shortly. */
import { requireJid } from '../../../../src/core/address.ts'
import { compose } from '../../../../src/core/presence/composition/compose.ts'
import type { CompositionPreset } from '../../../../src/core/presence/composition/table.ts'
import type {
  Activity,
  Observation,
  Report,
  SourceClass,
} from '../../../../src/core/presence/observation.ts'

export const DAVE = requireJid('dave@example.com').bare
export const NOON = Date.UTC(2030, 0, 1, 12)

export function says(
  source: string,
  sourceClass: SourceClass,
  activity: Activity,
  more: Partial<Observation> = {},
): Report {
  const observation: Observation = {
    id: '1',
    class: sourceClass,
    basic: activity === 'offline' ? 'closed' : 'open',
    activity,
    manual: false,
    since: NOON,
    ...more,
  }
  return { presentity: DAVE, source, observations: [observation], until: undefined }
}

export const byHand = (activity: Activity, more: Partial<Observation> = {}) =>
  says('hand', 'manual', activity, { manual: true, ...more })

export const phoneCall = says('phone', 'phone', 'on-a-call')
export const phoneIdle = says('phone', 'phone', 'available')
export const clientActive = says('client', 'enterprise-im', 'available')
export const clientIdle = says('client', 'enterprise-im', 'away')
export const calendar = (activity: Activity) => says('calendar', 'calendar', activity)

/** The state and the rule that gave it. */
export function outcome(preset: CompositionPreset, ...reports: readonly Report[]): string {
  const { document, explanation } = compose(DAVE, reports, NOON, preset)
  return `${document.person.state} by ${explanation.rule}`
}

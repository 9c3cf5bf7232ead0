/** A person, and what his sources say of him. */
import { requireJid } from '../../src/core/address.ts'
import type { Activity, Observation, Report } from '../../src/core/presence/observation.ts'

export const ALICE = requireJid('alice@example.com').bare
export const BOB = requireJid('bob@example.com').bare
export const NOON = Date.UTC(2030, 0, 1, 12)

const OBSERVATIONS: readonly (Partial<Observation> & { activity: Activity; class: string })[] = [
  { class: 'enterprise-im', activity: 'available', contact: 'xmpp:alice@example.com/laptop' },
  { class: 'phone', activity: 'on-a-call', contact: 'sip:alice@192.0.2.10', contactPriority: 0.8 },
  { class: 'calendar', activity: 'in-a-meeting', note: 'Budget', location: 'office' },
  { class: 'enterprise-im', activity: 'away', note: 'Lunch' },
  { class: 'video', activity: 'available', contact: 'sip:alice@192.0.2.11' },
  { class: 'application', activity: 'busy', note: 'Presenting' },
]

export const CROWDS = { 'one source': 1, 'three sources': 3, 'six sources': 6 } as const

/** One observation from each of so many sources, six at most. */
export function reportsOf(sources: number): Report[] {
  return OBSERVATIONS.slice(0, sources).map((said, at) => ({
    presentity: ALICE,
    source: `source/${at}`,
    until: undefined,
    observations: [{ id: 'o1', basic: 'open', manual: false, since: NOON + at, ...said }],
  }))
}

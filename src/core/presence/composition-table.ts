/**
 * The composition table: which observation speaks for the person. The first rule that any
 * observation meets wins. Why this order: docs/adr/0003-composition.md.
 */
import type { Activity, Observation, SourceClass } from './observation.ts'

export interface CompositionRule {
  readonly id: string
  /** One sentence for `explain` and the documents. */
  readonly text: string
  readonly activities: readonly Activity[]
  /** `undefined`: set by hand or not. */
  readonly manual?: boolean
  /** `undefined`: of any class. */
  readonly classes?: readonly SourceClass[]
}

const IM_CLASSES = ['enterprise-im', 'internet-im', 'application', 'lob', 'manual'] as const

export const COMPOSITION_TABLE: readonly CompositionRule[] = [
  {
    id: 'manual-offline',
    text: 'He chose to appear offline.',
    activities: ['offline'],
    manual: true,
  },
  {
    id: 'manual-dnd',
    text: 'He asked not to be disturbed.',
    activities: ['do-not-disturb'],
    manual: true,
  },
  {
    id: 'manual-out-of-office',
    text: 'He said that he is out of the office.',
    activities: ['out-of-office'],
    manual: true,
  },
  {
    id: 'automatic-dnd',
    text: 'A device of his takes no calls (do not disturb).',
    activities: ['do-not-disturb'],
  },
  { id: 'call', text: 'He is on a call.', activities: ['on-a-call'] },
  {
    id: 'manual-busy',
    text: 'He said that he is busy, in a meeting, away or will be right back.',
    activities: ['busy', 'in-a-meeting', 'be-right-back', 'away'],
    manual: true,
  },
  {
    id: 'out-of-office',
    text: 'His calendar says that he is out of the office.',
    activities: ['out-of-office'],
  },
  { id: 'meeting', text: 'He is in a meeting.', activities: ['in-a-meeting'] },
  { id: 'busy', text: 'A client or application says that he is busy.', activities: ['busy'] },
  {
    id: 'active-client',
    text: 'He is active at a messaging client.',
    activities: ['available'],
    classes: IM_CLASSES,
  },
  { id: 'phone-available', text: 'A phone of his can be reached.', activities: ['available'] },
  {
    id: 'idle',
    text: 'He is away from all his clients.',
    activities: ['be-right-back', 'away'],
  },
  { id: 'offline', text: 'All his sources say that he is gone.', activities: ['offline'] },
]

export function meets(rule: CompositionRule, observation: Observation): boolean {
  return (
    rule.activities.includes(observation.activity) &&
    (rule.manual === undefined || rule.manual === observation.manual) &&
    (rule.classes === undefined || rule.classes.includes(observation.class))
  )
}

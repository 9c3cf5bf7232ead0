/** Rules that presets have in common. */
import type { CompositionRule } from '../table.ts'

/** What is in a calendar, and whether its owner has a substitute, is not whether he is there. */
export const PLANS = ['calendar', 'out-of-office'] as const

/** Privacy stands above everything: who hides is hidden, whatever his devices say. */
export const APPEAR_OFFLINE: CompositionRule = {
  id: 'appear-offline',
  text: 'He chose to appear offline.',
  activities: ['appear-offline', 'offline'],
  manual: true,
  hiddenAs: 'appear-offline',
}

export const MANUAL_DND: CompositionRule = {
  id: 'manual-dnd',
  text: 'He asked not to be disturbed.',
  activities: ['do-not-disturb'],
  manual: true,
}

export const CALL: CompositionRule = {
  id: 'call',
  text: 'He is on a call.',
  activities: ['on-a-call'],
}

export const MEETING: CompositionRule = {
  id: 'meeting',
  text: 'He is in a meeting.',
  activities: ['in-a-meeting'],
}

export const BUSY: CompositionRule = {
  id: 'busy',
  text: 'A client or application says that he is busy.',
  activities: ['busy'],
}

/** From here on nobody could reach him: the end of every table. */
export const ABSENT: readonly CompositionRule[] = [
  {
    id: 'be-right-back',
    text: 'He left his client for a moment.',
    activities: ['be-right-back'],
  },
  { id: 'away', text: 'He is away from all his clients.', activities: ['away'] },
  { id: 'offline', text: 'All his sources say that he is gone.', activities: ['offline'] },
  {
    id: 'unknown',
    text: 'None of his sources can tell any more how he is.',
    activities: ['unknown'],
  },
  {
    id: 'free-calendar',
    text: 'His calendar is free, which does not say that he is there.',
    activities: ['available'],
    classes: PLANS,
    hiddenAs: 'offline',
  },
]

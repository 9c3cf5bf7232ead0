/**
 * As Microsoft's products do: what he set by hand stays until he changes it; else Do Not Disturb above
 * Busy above Available above Away.
 */
import type { CompositionPreset } from '../table.ts'
import { ABSENT, APPEAR_OFFLINE, BUSY, CALL, MANUAL_DND, MEETING, PLANS } from './common.ts'

export const MICROSOFT: CompositionPreset = {
  name: 'microsoft',
  title: 'Microsoft-like: what people set by hand stays, even in a call',
  rules: [
    APPEAR_OFFLINE,
    MANUAL_DND,
    {
      id: 'manual-state',
      text: 'He set his state by hand, and it stays until he changes it.',
      activities: ['busy', 'on-a-call', 'in-a-meeting', 'be-right-back', 'away', 'out-of-office'],
      manual: true,
    },
    {
      id: 'automatic-dnd',
      text: 'He is presenting, or a device of his takes no calls.',
      activities: ['do-not-disturb'],
    },
    CALL,
    MEETING,
    BUSY,
    {
      id: 'active',
      text: 'He is active at a client, or a phone of his can be reached.',
      activities: ['available'],
      otherThan: PLANS,
    },
    {
      id: 'out-of-office',
      text: 'He is active nowhere, and his calendar or mailbox says that he is out of the office.',
      activities: ['out-of-office'],
    },
    ...ABSENT,
  ],
}

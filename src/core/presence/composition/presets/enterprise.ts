/** What the manual of enterprise presence servers describes: a call shows, whatever he chose but DND. */
import type { CompositionPreset } from '../table.ts'
import { ABSENT, APPEAR_OFFLINE, BUSY, CALL, MANUAL_DND, MEETING, PLANS } from './common.ts'

const DEVICES = ['phone', 'video'] as const

export const ENTERPRISE: CompositionPreset = {
  name: 'enterprise',
  title: 'Enterprise telephony: calls show over most of what people set by hand',
  rules: [
    APPEAR_OFFLINE,
    MANUAL_DND,
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
    CALL,
    {
      id: 'manual-state',
      text: 'He said that he is busy, in a meeting, away or will be right back.',
      activities: ['busy', 'in-a-meeting', 'be-right-back', 'away'],
      manual: true,
    },
    {
      id: 'out-of-office',
      text: 'His calendar or his mailbox says that he is out of the office.',
      activities: ['out-of-office'],
    },
    MEETING,
    BUSY,
    {
      id: 'active-client',
      text: 'He is active at a messaging client or an application.',
      activities: ['available'],
      otherThan: [...DEVICES, ...PLANS],
    },
    {
      id: 'device-available',
      text: 'A phone or video device of his can be reached.',
      activities: ['available'],
      classes: DEVICES,
    },
    ...ABSENT,
  ],
}

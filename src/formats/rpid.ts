/**
 * Rich presence (RFC 4480 §3.2): what our activities are called there, and what its activities
 * mean to us.
 *
 * RPID has no element for three of ours. Each is written as the element that a reader who knows
 * nothing of us should act on, and `other` with our own name for the one who does:
 *
 * | ours           | RPID                          | why                                         |
 * |----------------|-------------------------------|---------------------------------------------|
 * | available      | nothing                       | the tuple says open                         |
 * | busy           | `busy`                        |                                             |
 * | on-a-call      | `on-the-phone`                |                                             |
 * | in-a-meeting   | `meeting`                     |                                             |
 * | do-not-disturb | `busy` `other`                | discourages communication                   |
 * | be-right-back  | `away` `other`                |                                             |
 * | away           | `away`                        |                                             |
 * | out-of-office  | `away` `other`                | `vacation` is for pleasure, `travel` a trip |
 * | offline        | nothing                       | the tuple says closed                       |
 * | unknown        | `unknown`                     | the tuple says closed                       |
 *
 * `appear-offline` is never written. Who says it in a document of his own says it in `other`.
 */
import type { PersonState } from '../core/presence/document.ts'
import type { Activity } from '../core/presence/observation.ts'

interface Spelling {
  readonly element: string
  readonly other?: string
}

export const RPID_SPELLING: Readonly<Record<PersonState, Spelling | undefined>> = {
  available: undefined,
  busy: { element: 'busy' },
  'on-a-call': { element: 'on-the-phone' },
  'in-a-meeting': { element: 'meeting' },
  'do-not-disturb': { element: 'busy', other: 'do-not-disturb' },
  'be-right-back': { element: 'away', other: 'be-right-back' },
  away: { element: 'away' },
  'out-of-office': { element: 'away', other: 'out-of-office' },
  offline: undefined,
  unknown: { element: 'unknown' },
}

/** Every activity of RFC 4480 §3.2; `undefined` for the one that says nothing by itself. */
const MEANING: ReadonlyMap<string, Activity | undefined> = new Map([
  ['appointment', 'busy'],
  ['away', 'away'],
  ['breakfast', 'away'],
  ['busy', 'busy'],
  ['dinner', 'away'],
  ['holiday', 'out-of-office'],
  ['in-transit', 'away'],
  ['looking-for-work', 'available'],
  ['lunch', 'away'],
  ['meal', 'away'],
  ['meeting', 'in-a-meeting'],
  ['on-the-phone', 'on-a-call'],
  ['other', undefined],
  ['performance', 'busy'],
  // “Associated with a status of CLOSED across all services.”
  ['permanent-absence', 'offline'],
  ['playing', 'away'],
  ['presentation', 'in-a-meeting'],
  ['shopping', 'away'],
  ['sleeping', 'away'],
  ['spectator', 'away'],
  ['steering', 'busy'],
  ['travel', 'out-of-office'],
  ['tv', 'away'],
  ['unknown', 'unknown'],
  ['vacation', 'out-of-office'],
  ['working', 'available'],
  ['worship', 'busy'],
])

/**
 * @COMPAT(phones, Microsoft, Cisco): the last resort. States that products write as free text, in
 * `other`, in a note or as elements of their own, letters and digits only, joined by hyphens.
 */
const WORDS: ReadonlyMap<string, Activity> = new Map([
  ['available', 'available'],
  ['online', 'available'],
  ['ready', 'available'],
  ['free', 'available'],
  ['busy', 'busy'],
  ['on-a-call', 'on-a-call'],
  ['in-a-call', 'on-a-call'],
  ['on-the-phone', 'on-a-call'],
  ['in-a-conference', 'on-a-call'],
  ['on-hold', 'on-a-call'],
  ['in-a-meeting', 'in-a-meeting'],
  ['meeting', 'in-a-meeting'],
  ['do-not-disturb', 'do-not-disturb'],
  ['dnd', 'do-not-disturb'],
  ['busy-dnd', 'do-not-disturb'],
  ['in-presentation', 'do-not-disturb'],
  ['urgent-interruptions-only', 'do-not-disturb'],
  ['be-right-back', 'be-right-back'],
  ['brb', 'be-right-back'],
  ['away', 'away'],
  ['idle', 'away'],
  ['inactive', 'away'],
  ['off-work', 'away'],
  ['out-of-office', 'out-of-office'],
  ['on-vacation', 'out-of-office'],
  ['offline', 'offline'],
  ['appear-offline', 'appear-offline'],
  ['invisible', 'appear-offline'],
  ['unavailable', 'offline'],
])

/** Who does several things at once is told by the first of these. */
const PRECEDENCE: readonly Activity[] = [
  'appear-offline',
  'do-not-disturb',
  'on-a-call',
  'in-a-meeting',
  'busy',
  'out-of-office',
  'be-right-back',
  'away',
  'offline',
  'available',
  // “Generally not used together with other activities.”
  'unknown',
]

/** What an RPID activity element means; `undefined` for `other` and what is not one. */
export function activityOfElement(name: string): Activity | undefined {
  return MEANING.get(name)
}

/** What free text says, where it says nothing else. */
export function activityOfText(text: string): Activity | undefined {
  if (text.length > 64) return undefined
  const word = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return WORDS.get(word)
}

export function foremost(activities: readonly Activity[]): Activity | undefined {
  return PRECEDENCE.find((activity) => activities.includes(activity))
}

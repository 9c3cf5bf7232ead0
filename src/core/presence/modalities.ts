/**
 * By which means a person can be reached now, and where: a pure function of a document, so that it
 * tells a watcher no more than his view does.
 *
 * | medium    | offered by                                                  | reaches him unless                         |
 * |-----------|-------------------------------------------------------------|--------------------------------------------|
 * | telephone | a tuple with `voice`                                          | closed, on a call, do not disturb          |
 * | im        | a tuple with `im`                                             | closed, do not disturb                     |
 * | video     | a tuple with `video`                                          | closed, on a call, do not disturb          |
 * | email     | a mailbox that the directory knows                            | –                                          |
 *
 * A medium that nothing offers is absent. Do not disturb is the person’s or the tuple’s.
 */
import type { PresenceDocument, Tuple } from './document.ts'
import type { Activity, Capabilities } from './observation.ts'

export const MEDIA = ['telephone', 'im', 'video', 'email'] as const
export type Medium = (typeof MEDIA)[number]

export interface Modality {
  readonly reachable: boolean
  /** Where: a `sip:`, `tel:`, `xmpp:` or `mailto:` URI, if the source told one. */
  readonly contact?: string
}

export type Modalities = Partial<Record<Medium, Modality>>

interface Rule {
  readonly capability: keyof Capabilities
  readonly barredBy: readonly Activity[]
}

const RULES: Readonly<Record<Exclude<Medium, 'email'>, Rule>> = {
  telephone: {
    capability: 'voice',
    barredBy: ['on-a-call', 'do-not-disturb'],
  },
  im: {
    capability: 'im',
    barredBy: ['do-not-disturb'],
  },
  video: {
    capability: 'video',
    barredBy: ['on-a-call', 'do-not-disturb'],
  },
}

/** `mailbox`: the `mailto:` URI of the person, if he has one. */
export function modalities(document: PresenceDocument, mailbox?: string): Modalities {
  const { telephone, im, video } = RULES
  return {
    ...reached('telephone', document, telephone),
    ...reached('im', document, im),
    ...reached('video', document, video),
    ...(mailbox !== undefined && { email: { reachable: true, contact: mailbox } }),
  }
}

function reached(medium: Medium, { person, tuples }: PresenceDocument, rule: Rule): Modalities {
  const offers = tuples.filter((tuple) => isOffered(tuple, rule))
  if (offers.length === 0) return {}
  const disturbs = person.state === 'do-not-disturb' || person.state === 'offline'
  const open = disturbs ? [] : offers.filter((tuple) => isOpen(tuple, rule))
  const best = open.toSorted(byPreference)[0]
  if (!best) return { [medium]: { reachable: false } }
  return { [medium]: { reachable: true, ...(best.contact && { contact: best.contact }) } }
}

function isOffered({ capabilities }: Tuple, { capability }: Rule): boolean {
  return capabilities?.[capability] ?? false
}

function isOpen({ basic, activity }: Tuple, { barredBy }: Rule): boolean {
  return basic === 'open' && activity !== 'unknown' && !barredBy.includes(activity)
}

/** The preferred contact, then one that is known, then the newest. */
function byPreference(a: Tuple, b: Tuple): number {
  return (
    (b.contactPriority ?? 0) - (a.contactPriority ?? 0) ||
    Number(b.contact !== undefined) - Number(a.contact !== undefined) ||
    b.since - a.since
  )
}

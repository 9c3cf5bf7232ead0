/** What one source says about one presentity now. */
import type { BareJid } from '../address.ts'

/**
 * The kinds of source that there always are; `manual` is what the person set by hand outside any
 * client. The option `presence.classes` adds others.
 */
export const SOURCE_CLASSES = [
  'phone',
  'video',
  'enterprise-im',
  'internet-im',
  'calendar',
  'out-of-office',
  'application',
  'lob',
  'manual',
] as const
/** One of `SOURCE_CLASSES`, or one that was added. */
export type SourceClass = string

/** All classes of a system that added these. */
export function sourceClasses(added: readonly SourceClass[] = []): readonly SourceClass[] {
  return [...new Set<SourceClass>([...SOURCE_CLASSES, ...added])]
}

export function isSourceClass(name: string, added: readonly SourceClass[] = []): boolean {
  return SOURCE_CLASSES.some((known) => known === name) || added.includes(name)
}

/**
 * Ordered by nothing: the composition table says which wins. `appear-offline` is the person's choice
 * and known to him alone; `unknown` is what a source says that can no longer tell.
 */
export const ACTIVITIES = [
  'available',
  'busy',
  'on-a-call',
  'in-a-meeting',
  'do-not-disturb',
  'be-right-back',
  'away',
  'out-of-office',
  'appear-offline',
  'offline',
  'unknown',
] as const
export type Activity = (typeof ACTIVITIES)[number]

/** A way to reach the presentity that this source offers. */
export interface Capabilities {
  readonly voice?: boolean
  readonly video?: boolean
  readonly im?: boolean
}

/**
 * What a publisher said and the core does not read: a piece of a document, in the words of its
 * format. It is kept and shown again to whoever may see what it is said of.
 */
export interface Extra {
  readonly of: 'status' | 'service' | 'person' | 'device' | 'presentity'
  /** What is said, or of which device: one source's word of a kind is put in the place of another's. */
  readonly kind: string
  readonly text: string
}

export interface Observation {
  /** Unique within its source, stable over updates: a tuple id, an XMPP resource. */
  readonly id: string
  readonly class: SourceClass
  /** RFC 3863 §4.1.4: can this service take communication at all. */
  readonly basic: 'open' | 'closed'
  readonly activity: Activity
  /** Set by the person rather than derived by a machine. */
  readonly manual: boolean
  readonly note?: string | undefined
  /** Where the person is: a location type of RFC 4589, or free text. */
  readonly location?: string | undefined
  /** `sip:`, `tel:` or `xmpp:` URI at which the service is reached, and its preference 0…1 (RFC 3863 §4.1.5). */
  readonly contact?: string | undefined
  readonly contactPriority?: number | undefined
  readonly capabilities?: Capabilities | undefined
  /** In the order of their source. */
  readonly extras?: readonly Extra[] | undefined
  /** No service stands behind it: it says something of the person, and his state is that of the others. */
  readonly bare?: boolean | undefined
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** No machine appears offline by itself. */
export function isByHand({ manual, activity }: Observation): boolean {
  return manual || activity === 'appear-offline'
}

/** Whoever says by hand that he is offline hides, from every watcher. */
export function isHiding(observation: Observation): boolean {
  const { activity } = observation
  return (activity === 'offline' || activity === 'appear-offline') && isByHand(observation)
}

/** `from` is in milliseconds since the epoch. */
export interface Later {
  readonly from: number
  readonly observations: readonly Observation[]
}

/**
 * One report of one source replaces all that the same source said before (`sources overwrite only themselves`).
 * `source` names the source within the presentity: `xmpp/<resource>`, `sip/<publication>`, `api/<name>`.
 */
export interface Report {
  readonly presentity: BareJid
  readonly source: string
  readonly observations: readonly Observation[]
  /** What will hold instead from times to come on, in their order. */
  readonly later?: readonly Later[] | undefined
  /** When the report ends by itself, milliseconds since the epoch; `undefined` where its edge will withdraw it (a stream). */
  readonly until: number | undefined
  /** From when on nobody knows whether it still holds, where its source does not say so again. */
  readonly freshUntil?: number | undefined
  /** Holds only while no other source says anything (RFC 4827). */
  readonly isHardState?: boolean
}

/** What one source says about one presentity now. */
import type { BareJid } from '../address.ts'

/** The kinds of source that composition tells apart; `manual` is what the person set by hand outside any client. */
export const SOURCE_CLASSES = [
  'phone',
  'enterprise-im',
  'internet-im',
  'calendar',
  'application',
  'lob',
  'manual',
] as const
export type SourceClass = (typeof SOURCE_CLASSES)[number]

/** Ordered by nothing: the composition table says which wins. */
export const ACTIVITIES = [
  'available',
  'busy',
  'on-a-call',
  'in-a-meeting',
  'do-not-disturb',
  'be-right-back',
  'away',
  'out-of-office',
  'offline',
] as const
export type Activity = (typeof ACTIVITIES)[number]

/** A way to reach the presentity that this source offers. */
export interface Capabilities {
  readonly voice?: boolean
  readonly video?: boolean
  readonly im?: boolean
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
  /** `sip:`, `tel:` or `xmpp:` URI at which the service is reached, and its preference 0…1 (RFC 3863 §4.1.5). */
  readonly contact?: string | undefined
  readonly contactPriority?: number | undefined
  readonly capabilities?: Capabilities | undefined
  /** Milliseconds since the epoch. */
  readonly since: number
}

/**
 * One report of one source replaces all that the same source said before (`sources overwrite only themselves`).
 * `source` names the source within the presentity: `xmpp/<resource>`, `sip/<publication>`, `api/<name>`.
 */
export interface Report {
  readonly presentity: BareJid
  readonly source: string
  readonly observations: readonly Observation[]
  /** When the report ends by itself, milliseconds since the epoch; `undefined` where its edge will withdraw it (a stream). */
  readonly until: number | undefined
}

/** The composed presence of one person: RFC 4479's person and services, before any format. */
import type { BareJid } from '../address.ts'
import { sameExtras } from './composition/extras.ts'
import type { Activity, Capabilities, Extra, SourceClass } from './observation.ts'

/** Nobody can be told that somebody appears offline: he is offline. */
export type PersonState = Exclude<Activity, 'appear-offline'>

export interface Person {
  readonly state: PersonState
  readonly note: string | undefined
  /** A location type of RFC 4589, or free text. */
  readonly location: string | undefined
  /** Since when the person has been in `state`, milliseconds since the epoch. */
  readonly since: number
  readonly manual: boolean
}

/** One service (RFC 3863 tuple). */
export interface Tuple {
  /** Stable over updates and restarts of the same source, valid as an XML ID. */
  readonly id: string
  readonly class: SourceClass
  readonly basic: 'open' | 'closed'
  readonly activity: Activity
  /** Set by the person rather than derived by a machine. */
  readonly manual: boolean
  readonly note: string | undefined
  /** A location type of RFC 4589, or free text. */
  readonly location: string | undefined
  readonly contact: string | undefined
  readonly contactPriority: number | undefined
  readonly capabilities: Capabilities | undefined
  /** Of the service and its status. */
  readonly extras?: readonly Extra[] | undefined
  readonly since: number
}

/** Immutable; two compositions of the same observations are deeply equal. Tuples are sorted by id. */
export interface PresenceDocument {
  readonly presentity: BareJid
  readonly person: Person
  readonly tuples: readonly Tuple[]
  /** Of the person, his devices and the document: sorted by what they are of and by kind. */
  readonly extras?: readonly Extra[] | undefined
}

export function sameDocument(a: PresenceDocument, b: PresenceDocument): boolean {
  return (
    samePerson(a.person, b.person) &&
    a.tuples.length === b.tuples.length &&
    a.tuples.every((tuple, at) => sameTuple(tuple, b.tuples[at])) &&
    sameExtras(a.extras, b.extras)
  )
}

function samePerson(a: Person, b: Person): boolean {
  return (
    a.state === b.state &&
    a.note === b.note &&
    a.location === b.location &&
    a.since === b.since &&
    a.manual === b.manual
  )
}

function sameTuple(a: Tuple, b: Tuple | undefined): boolean {
  return (
    b !== undefined &&
    a.id === b.id &&
    a.class === b.class &&
    a.basic === b.basic &&
    a.activity === b.activity &&
    a.manual === b.manual &&
    a.note === b.note &&
    a.location === b.location &&
    a.contact === b.contact &&
    a.contactPriority === b.contactPriority &&
    a.since === b.since &&
    a.capabilities?.im === b.capabilities?.im &&
    a.capabilities?.voice === b.capabilities?.voice &&
    a.capabilities?.video === b.capabilities?.video &&
    sameExtras(a.extras, b.extras)
  )
}

/** Why the person is in this state: the rule of the composition table and the observation that it chose. */
export interface Explanation {
  /** What he knows himself to be: `appear-offline` where everybody else is told `offline`. */
  readonly state: Activity
  readonly rule: string
  readonly ruleText: string
  /** `undefined` where nothing is known of the person. */
  readonly winner: { readonly source: string; readonly observation: string } | undefined
}

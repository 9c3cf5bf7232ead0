/**
 * Presence documents as they are on the wire: PIDF (RFC 3863) with the data model (RFC 4479),
 * rich presence (RFC 4480) and capabilities (RFC 5196), before anything is concluded from them.
 */
import type { Activity, Capabilities, Extra } from '../core/presence/observation.ts'

export { NS_LOCATION_TYPE, NS_RPID } from './rpid-place.ts'

/** The media type (RFC 3863 §3.1). */
export const PIDF = 'application/pidf+xml'

export const NS_PIDF = 'urn:ietf:params:xml:ns:pidf'
export const NS_DATA_MODEL = 'urn:ietf:params:xml:ns:pidf:data-model'
export const NS_CAPS = 'urn:ietf:params:xml:ns:pidf:caps'
export const NS_CIPID = 'urn:ietf:params:xml:ns:pidf:cipid'
export const NS_TIMED_STATUS = 'urn:ietf:params:xml:ns:pidf:timed-status'

/**
 * - `not-well-formed`: not XML, or XML with a document type definition;
 * - `too-large`: beyond the limits of bytes, depth, attributes or tuples;
 * - `not-pidf`: XML, but the root is not `presence` of PIDF;
 * - `invalid`: PIDF in which a value that has to be understood is not one.
 */
export type PidfErrorKind = 'not-well-formed' | 'too-large' | 'not-pidf' | 'invalid'

/** A body that calls itself PIDF and is not. SIP answers 413 where it is too large, else 400. */
export class PidfError extends Error {
  readonly kind: PidfErrorKind

  constructor(kind: PidfErrorKind, message: string) {
    super(message)
    this.name = 'PidfError'
    this.kind = kind
  }
}

/** When something holds (RFC 4480 §3.1), in milliseconds since the epoch. */
export interface Span {
  readonly from: number | undefined
  readonly until: number | undefined
}

/** One `place-type` element. */
export interface PidfPlace extends Span {
  readonly location: string
}

/** One `activities` element. */
export interface PidfActivities extends Span {
  /** `undefined` where its elements say nothing that we have a word for. */
  readonly activity: Activity | undefined
  /** Its note, or the free text of an activity without a word of ours. */
  readonly note: string | undefined
}

/** What the core does not read, and when it holds. */
export interface PidfExtra extends Extra, Span {}

/** One `timed-status` element (RFC 4481 §3): the status of a service in times past or to come. */
export interface PidfTimedStatus extends Span {
  readonly basic: 'open' | 'closed' | undefined
  readonly activities: readonly PidfActivities[]
  readonly note: string | undefined
  /** As it is shown until it holds. */
  readonly extra: PidfExtra
}

/** What persons and tuples have in common. */
export interface PidfState {
  /** As written: an XML ID if the sender kept to the schema. */
  readonly id: string
  readonly activities: readonly PidfActivities[]
  readonly places: readonly PidfPlace[]
  /** As written. */
  readonly class: string | undefined
  readonly note: string | undefined
  readonly timestamp: number | undefined
  readonly extras: readonly PidfExtra[]
}

export interface PidfTuple extends PidfState {
  readonly basic: 'open' | 'closed' | undefined
  readonly contact: string | undefined
  /** 0…1. */
  readonly contactPriority: number | undefined
  readonly capabilities: Capabilities | undefined
  readonly timed: readonly PidfTimedStatus[]
}

export interface PidfDocument {
  /** The presentity, as the sender names him; RFC 3863 demands it and some senders forget it. */
  readonly entity: string | undefined
  readonly tuples: readonly PidfTuple[]
  /** Of several the newest (RFC 4479 §3.5 leaves one in the end). */
  readonly person: PidfState | undefined
  /** The first note of the document itself; it speaks of the person (RFC 4479 §5). */
  readonly note: string | undefined
  /** Of the document, and of devices (RFC 4479 §3.4). */
  readonly extras: readonly PidfExtra[]
}

const MAX_URI_LENGTH = 1_024
const URI =
  /^[a-z][a-z0-9+.-]*:(?:[^\s\p{Cc}<>"{}|\\^`%#[\]]|%[0-9a-f]{2}|\[[0-9a-f:.]+\])+(?:#[^\s\p{Cc}<>"{}|\\^`%#[\]]*)?$/iu

/** An absolute URI (RFC 3986), or IRI, that the schema of RFC 3863 takes as `anyURI`. */
export function isUri(text: string): boolean {
  return text.length <= MAX_URI_LENGTH && URI.test(text)
}

/**
 * Writes presence as PIDF (RFC 3863) with the data model (RFC 4479) and rich presence (RFC 4480).
 *
 * Activities are the person's: RFC 4480 table 1 allows them in no tuple. `class` of a tuple is the
 * kind of its source; a person of class `manual` set his state himself. The same document gives
 * the same bytes.
 */

import type { Person, PersonState, PresenceDocument, Tuple } from '../core/presence/document.ts'
import type { Capabilities } from '../core/presence/observation.ts'
import { escapeAttr, escapeText } from '../xml/element.ts'
import { isUri, NS_CAPS, NS_DATA_MODEL, NS_LOCATION_TYPE, NS_PIDF, NS_RPID } from './pidf-model.ts'
import { declarationsFor, hasServcaps, renderDevices, textsOf } from './pidf-render-extras.ts'
import { RPID_SPELLING } from './rpid.ts'
import { isLocationType, renderPlaceType } from './rpid-place.ts'

export { PIDF, type PidfDocument, PidfError } from './pidf-model.ts'
export { observationsFromPidf } from './pidf-observations.ts'
export { parsePidf, readPidf } from './pidf-parser.ts'
export { type Timeline, timelineFromPidf } from './pidf-timeline.ts'

/** Marks a person's state as his own choice, in `class` of the person. */
export const MANUAL_CLASS = 'manual'

/**
 * `entity` is the presentity’s URI as the watcher knows him. Of an offline person nothing is
 * written but that: whether he went, hides or has blocked the watcher looks the same
 * (RFC 3856 §6.6.2).
 */
export function renderPidf(document: PresenceDocument, entity: string): string {
  const { namespaces, content } = renderPresence(document)
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<presence${namespaces}` +
    ` entity="${escapeAttr(entity)}">${content}</presence>\n`
  )
}

/** What stands in a document of any kind that holds the whole presence (RFC 3863, RFC 5262). */
export interface RenderedPresence {
  /** The declarations that the content needs, with a space before each. */
  readonly namespaces: string
  readonly content: string
}

export function renderPresence(document: PresenceDocument): RenderedPresence {
  const { person } = document
  const isGone = person.state === 'offline'
  const services = isGone ? [] : document.tuples
  const extras = isGone ? undefined : document.extras
  const caps = services.some(({ capabilities }) => capabilities) ? ` xmlns:caps="${NS_CAPS}"` : ''
  const places = isLocationType(person.location) ? ` xmlns:lt="${NS_LOCATION_TYPE}"` : ''
  const others = isGone ? '' : declarationsFor(document, caps + places)
  const content =
    (services.length === 0
      ? stateOnly(person)
      : services.map((tuple) => renderTuple(tuple, person)).join('')) +
    renderNote('note', person.note) +
    renderPerson(person, freeId('p1', services), extras && textsOf(extras, 'person')) +
    (extras ? renderDevices(extras) + textsOf(extras, 'presentity') : '')
  return { namespaces: `${BASIC_NAMESPACES}${caps}${places}${others}`, content }
}

const BASIC_NAMESPACES = ` xmlns="${NS_PIDF}" xmlns:dm="${NS_DATA_MODEL}" xmlns:rpid="${NS_RPID}"`

/** For readers of RFC 3863 alone, who look for a tuple and for nothing else. */
function stateOnly({ state, since }: Person): string {
  const basic = state === 'offline' || state === 'unknown' ? 'closed' : 'open'
  return (
    `<tuple id="t1"><status><basic>${basic}</basic></status>` +
    `${sinceWhen('timestamp', state, since)}</tuple>`
  )
}

/** RFC 4480 table 1 has no place for a tuple: its location is the person’s. */
function renderTuple(tuple: Tuple, { state }: Person): string {
  const basic = state === 'unknown' ? 'closed' : tuple.basic
  const { extras } = tuple
  return (
    `<tuple id="${escapeAttr(tuple.id)}"><status><basic>${basic}</basic>` +
    `${extras ? textsOf(extras, 'status') : ''}</status>` +
    `<rpid:class>${escapeText(tuple.class)}</rpid:class>` +
    (extras && hasServcaps(extras) ? '' : renderCapabilities(tuple.capabilities)) +
    (extras ? textsOf(extras, 'service') : '') +
    renderContact(tuple) +
    renderNote('note', tuple.note) +
    `<timestamp>${timestamp(tuple.since)}</timestamp></tuple>`
  )
}

/** Edges make contacts of account names, in which URIs would need escapes that those may lack. */
function renderContact({ contact, contactPriority }: Tuple): string {
  if (contact === undefined || !isUri(contact)) return ''
  const priority = contactPriority === undefined ? '' : ` priority="${qvalue(contactPriority)}"`
  return `<contact${priority}>${escapeText(contact)}</contact>`
}

/** RFC 5196 §3.2, in its schema’s order. Page-mode messages are a method: `message` means sessions. */
function renderCapabilities(capabilities: Capabilities | undefined): string {
  if (!capabilities) return ''
  const { voice, im, video } = capabilities
  return (
    '<caps:servcaps>' +
    renderMedium('audio', voice) +
    (im === undefined ? '' : renderMessaging(im ? 'supported' : 'notsupported')) +
    renderMedium('video', video) +
    '</caps:servcaps>'
  )
}

function renderMedium(name: 'audio' | 'video', value: boolean | undefined): string {
  return value === undefined ? '' : `<caps:${name}>${value}</caps:${name}>`
}

function renderMessaging(support: 'supported' | 'notsupported'): string {
  return `<caps:methods><caps:${support}><caps:MESSAGE/></caps:${support}></caps:methods>`
}

function renderPerson(person: Person, id: string, extras = ''): string {
  const { state, manual, note, location, since } = person
  const spelling = RPID_SPELLING[state]
  const other = spelling?.other ? `<rpid:other>${spelling.other}</rpid:other>` : ''
  return (
    `<dm:person id="${escapeAttr(id)}">` +
    (spelling ? `<rpid:activities><rpid:${spelling.element}/>${other}</rpid:activities>` : '') +
    (manual ? `<rpid:class>${MANUAL_CLASS}</rpid:class>` : '') +
    (location ? renderPlaceType(location) : '') +
    extras +
    renderNote('dm:note', note) +
    `${sinceWhen('dm:timestamp', state, since)}</dm:person>`
  )
}

function renderNote(name: 'note' | 'dm:note', note: string | undefined): string {
  return note ? `<${name}>${escapeText(note)}</${name}>` : ''
}

/** Since when somebody is offline tells a watcher whom he blocks from one whom he does not. */
function sinceWhen(name: string, state: PersonState, since: number): string {
  return state === 'offline' ? '' : `<${name}>${timestamp(since)}</${name}>`
}

/** RFC 3863 §4.1.7. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString()
}

/** RFC 3863 §4.4: at most three decimals. */
function qvalue(priority: number): string {
  return String(Math.round(Math.min(1, Math.max(0, priority)) * 1000) / 1000)
}

/** IDs are unique in the document, the person’s among the tuples’. */
function freeId(wanted: string, tuples: readonly Tuple[]): string {
  return tuples.some(({ id }) => id === wanted) ? freeId(`${wanted}_`, tuples) : wanted
}

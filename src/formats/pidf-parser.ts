/**
 * Reads PIDF (RFC 3863) with the data model (RFC 4479), rich presence (RFC 4480) and capabilities
 * (RFC 5196). Lenient as RFC 4479 §5 asks: what is not valid but can be told is taken, and what
 * is not known is passed over (RFC 3863 §4.2.3).
 */

import type { Activity, Capabilities } from '../core/presence/observation.ts'
import type { Element } from '../xml/element.ts'
import type { XmlLimits } from '../xml/syntax.ts'
import { ExtraBudget, readDevices, readExtras, timedStatusExtra } from './pidf-extras.ts'
import {
  isUri,
  NS_CAPS,
  NS_DATA_MODEL,
  NS_LOCATION_TYPE,
  NS_PIDF,
  NS_RPID,
  NS_TIMED_STATUS,
  type PidfActivities,
  type PidfDocument,
  PidfError,
  type PidfExtra,
  type PidfPlace,
  type PidfState,
  type PidfTimedStatus,
  type PidfTuple,
} from './pidf-model.ts'
import { readTime } from './pidf-time.ts'
import { readDocument } from './read-document.ts'
import { activityOfElement, activityOfText, foremost } from './rpid.ts'
import { locationOfPlaceType } from './rpid-place.ts'

/** A published document describes one person: these are generous. */
export const PIDF_LIMITS: XmlLimits = { maxStanzaBytes: 65_536, maxDepth: 24, maxAttributes: 64 }
export const MAX_TUPLES = 64

/** Throws `PidfError`. */
export function parsePidf(bytes: Uint8Array | string, limits = PIDF_LIMITS): PidfDocument {
  return readPidf(parseXml(bytes, limits))
}

/** The same of a document that is parsed already. */
export function readPidf(root: Element): PidfDocument {
  if (!root.is('presence', NS_PIDF)) {
    throw new PidfError('not-pidf', `the document is {${root.ns}}${root.name}, not presence`)
  }
  const tuples = [...root.elements()].filter((child) => child.is('tuple', NS_PIDF))
  if (tuples.length > MAX_TUPLES) throw new PidfError('too-large', 'there are too many tuples')
  const persons = [...root.elements()].filter(
    (child) => child.is('person', NS_DATA_MODEL) && isUnderstood(child),
  )
  const budget = new ExtraBudget()
  const person = newest(persons)
  return {
    entity: root.attr('entity')?.trim(),
    tuples: tuples.map((tuple) => readTuple(tuple, budget)),
    person: person && readState(person, NS_DATA_MODEL, readExtras(person, 'person', budget)),
    note: readNote(root, NS_PIDF),
    extras: [...readDevices(root, budget), ...readExtras(root, 'presentity', budget)],
  }
}

function parseXml(bytes: Uint8Array | string, limits: XmlLimits): Element {
  return readDocument(bytes, limits, (fault, message) => new PidfError(fault, message))
}

function newest(persons: readonly Element[]): Element | undefined {
  let chosen: Element | undefined
  for (const person of persons) if (!chosen || timeOf(person) > timeOf(chosen)) chosen = person
  return chosen
}

function timeOf(person: Element): number {
  return readTime(person.child('timestamp')?.text()) ?? Number.NEGATIVE_INFINITY
}

function readState(element: Element, ns: string, extras: readonly PidfExtra[]): PidfState {
  return {
    id: element.attr('id')?.trim() ?? '',
    activities: readActivities(element),
    places: readPlaces(element),
    class: textOf(element.child('class', NS_RPID)),
    note: readNote(element, ns),
    timestamp: readTime(element.child('timestamp', ns)?.text()),
    extras,
  }
}

function readTuple(tuple: Element, budget: ExtraBudget): PidfTuple {
  const status = tuple.child('status')
  const extras = [...readExtras(status, 'status', budget), ...readExtras(tuple, 'service', budget)]
  const state = readState(tuple, NS_PIDF, extras)
  return {
    ...state,
    // @COMPAT(drafts of RPID): activities stood in the status of tuples before they were the person's.
    activities: [
      ...state.activities,
      ...(status ? [...readActivities(status), ...readShow(status)] : []),
    ],
    basic: readBasic(status),
    contact: readContact(tuple.child('contact')),
    contactPriority: readPriority(tuple.child('contact')),
    capabilities: readCapabilities(tuple.child('servcaps', NS_CAPS)),
    timed: [...tuple.elements()].flatMap((child) => readTimedStatus(child, budget)),
  }
}

/** RFC 4481 §3; one that says not from when on is none. */
function readTimedStatus(element: Element, budget: ExtraBudget): PidfTimedStatus[] {
  if (!element.is('timed-status', NS_TIMED_STATUS)) return []
  const from = readTime(element.attr('from'))
  const until = readTime(element.attr('until'))
  if (from === undefined || (until === undefined) !== (element.attr('until') === undefined))
    return []
  const note = readNote(element, NS_TIMED_STATUS)
  const status = {
    from,
    until,
    basic: readBasic(element),
    activities: readActivities(element),
    note,
  }
  const extra = timedStatusExtra(element, status)
  return budget.take(extra) ? [{ ...status, extra }] : []
}

function readBasic(status: Element | undefined): 'open' | 'closed' | undefined {
  const basic = textOf(status?.child('basic'))?.toLowerCase()
  if (basic === undefined || basic === 'open' || basic === 'closed') return basic
  throw new PidfError('invalid', 'basic is neither open nor closed')
}

function readActivities(owner: Element): PidfActivities[] {
  return [...owner.elements()]
    .filter((child) => child.is('activities', NS_RPID) && isUnderstood(child))
    .map(readActivitiesElement)
}

function readActivitiesElement(element: Element): PidfActivities {
  const known: Activity[] = []
  const free: string[] = []
  for (const child of element.elements()) {
    const isFree = child.ns !== NS_RPID || child.name === 'other'
    const text = child.is('other', NS_RPID) ? textOf(child) : child.name
    const activity = isFree ? activityOfText(text ?? '') : activityOfElement(child.name)
    if (activity) known.push(activity)
    else if (child.name === 'other' && text) free.push(text)
  }
  return {
    from: readTime(element.attr('from')),
    until: readTime(element.attr('until')),
    activity: foremost(known),
    note: readNote(element, NS_RPID) ?? free[0],
  }
}

function readPlaces(owner: Element): PidfPlace[] {
  return [...owner.elements()]
    .filter((child) => child.is('place-type', NS_RPID) && isUnderstood(child))
    .flatMap((child) => {
      const location = locationOfPlaceType(child)
      const from = readTime(child.attr('from'))
      const until = readTime(child.attr('until'))
      return location ? [{ from, until, location }] : []
    })
}

const SHOW: ReadonlyMap<string, Activity> = new Map([
  ['away', 'away'],
  ['xa', 'away'],
  ['dnd', 'do-not-disturb'],
  ['chat', 'available'],
])

/** RFC 8048 §4.3: gateways carry the XMPP show value in the status as it is. */
function readShow(status: Element): PidfActivities[] {
  const activity = SHOW.get(textOf(status.child('show', 'jabber:client')) ?? '')
  return activity ? [{ from: undefined, until: undefined, activity, note: undefined }] : []
}

/** What is no URI is left out: in a document of ours it would make all of that invalid. */
function readContact(contact: Element | undefined): string | undefined {
  const text = textOf(contact) ?? ''
  return isUri(text) ? text : undefined
}

/** RFC 3863 §4.1.5: one out of range is as good as none. */
function readPriority(contact: Element | undefined): number | undefined {
  const text = contact?.attr('priority')?.trim() ?? ''
  if (!/^[0-9]{1,3}(\.[0-9]{0,9})?$/.test(text)) return undefined
  const priority = Number(text)
  return priority <= 1 ? priority : undefined
}

/** RFC 5196 §3.2; a session of messages (`message`) or of text is instant messaging too. */
function readCapabilities(caps: Element | undefined): Capabilities | undefined {
  if (!caps || !isUnderstood(caps)) return undefined
  const methods = caps.child('methods')
  const im =
    readBoolean(caps.child('message')) ??
    readBoolean(caps.child('text')) ??
    (methods?.child('notsupported')?.child('MESSAGE') ? false : undefined)
  const capabilities = {
    voice: readBoolean(caps.child('audio')),
    video: readBoolean(caps.child('video')),
    im: methods?.child('supported')?.child('MESSAGE') ? true : im,
  }
  const told = Object.entries(capabilities).filter(([, value]) => value !== undefined)
  return told.length > 0 ? Object.fromEntries(told) : undefined
}

function readBoolean(element: Element | undefined): boolean | undefined {
  const text = textOf(element)
  if (text === 'true' || text === '1') return true
  return text === 'false' || text === '0' ? false : undefined
}

function readNote(owner: Element, ns: string): string | undefined {
  for (const child of owner.elements()) {
    const text = child.is('note', ns) ? textOf(child) : undefined
    if (text) return text
  }
  return undefined
}

const MUST_UNDERSTAND = `{${NS_PIDF}}mustUnderstand`
const UNDERSTOOD = new Set([
  NS_PIDF,
  NS_DATA_MODEL,
  NS_RPID,
  NS_CAPS,
  NS_LOCATION_TYPE,
  NS_TIMED_STATUS,
])

/**
 * RFC 3863 §4.2.3: an extension with a child that must be understood, and is not, is passed over
 * as a whole. It is never an error: the rest of the document stands.
 */
function isUnderstood(extension: Element): boolean {
  return [...extension.elements()].every(
    (child) => UNDERSTOOD.has(child.ns) || !/^(true|1)$/.test(child.attr(MUST_UNDERSTAND) ?? ''),
  )
}

function textOf(element: Element | undefined): string | undefined {
  const text = element?.text().trim()
  return text === '' ? undefined : text
}

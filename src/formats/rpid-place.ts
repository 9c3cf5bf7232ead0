/**
 * Where a person is (RFC 4480 §3.7): a token of the location types registry (RFC 4589 §3), written as
 * an element of its namespace, or free text, written as `other`.
 */
import { type Element, escapeText } from '../xml/element.ts'

export const NS_RPID = 'urn:ietf:params:xml:ns:pidf:rpid'
export const NS_LOCATION_TYPE = 'urn:ietf:params:xml:ns:location-type'

/** Characters of free text: every watcher gets a copy of it. */
const MAX_LOCATION = 128

/** All of RFC 4589 but `other` and `unknown`, which name no place. */
export const LOCATION_TYPES = [
  'aircraft',
  'airport',
  'arena',
  'automobile',
  'bank',
  'bar',
  'bicycle',
  'bus',
  'bus-station',
  'cafe',
  'classroom',
  'club',
  'construction',
  'convention-center',
  'government',
  'hospital',
  'hotel',
  'industrial',
  'library',
  'motorcycle',
  'office',
  'outdoors',
  'parking',
  'place-of-worship',
  'prison',
  'public',
  'public-transport',
  'residence',
  'restaurant',
  'school',
  'shopping-area',
  'stadium',
  'store',
  'street',
  'theater',
  'train',
  'train-station',
  'truck',
  'underway',
  'warehouse',
  'water',
  'watercraft',
] as const

const TYPES: ReadonlySet<string> = new Set(LOCATION_TYPES)

/** The schema of RFC 4589 §4 misspells one of the tokens of its §3. */
const MISSPELT: ReadonlyMap<string, string> = new Map([['bicyle', 'bicycle']])

/** What stands in a `place-type` element; `undefined` where it names no place. */
export function locationOfPlaceType(placeType: Element): string | undefined {
  for (const child of placeType.elements()) {
    const text = child.name === 'other' ? child.text().trim() : undefined
    if (text && (child.ns === NS_RPID || child.ns === NS_LOCATION_TYPE)) {
      return text.slice(0, MAX_LOCATION).toWellFormed().trim()
    }
    const token = MISSPELT.get(child.name) ?? child.name
    if (child.ns.startsWith(NS_LOCATION_TYPE) && TYPES.has(token)) return token
  }
  return undefined
}

/** A `place-type` element, with the prefixes `rpid` and `lt`. */
export function renderPlaceType(location: string): string {
  const place = TYPES.has(location)
    ? `<lt:${location}/>`
    : `<rpid:other>${escapeText(location)}</rpid:other>`
  return `<rpid:place-type>${place}</rpid:place-type>`
}

/** Whether `renderPlaceType` needs the namespace of location types. */
export function isLocationType(location: string | undefined): boolean {
  return location !== undefined && TYPES.has(location)
}

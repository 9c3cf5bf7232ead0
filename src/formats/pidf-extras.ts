/**
 * What a publisher says beside what the core reads (RFC 3863 §4.2: unknown extensions are kept),
 * as text: rich presence (RFC 4480), CIPID (RFC 4482), capabilities (RFC 5196), devices (RFC 4479
 * §3.4), and what no standard knows. What would make a document of ours invalid is left out.
 */
import type { Extra } from '../core/presence/observation.ts'
import { type Element, xml } from '../xml/element.ts'
import { writeFragment } from './pidf-fragments.ts'
import {
  isUri,
  NS_CAPS,
  NS_CIPID,
  NS_DATA_MODEL,
  NS_RPID,
  NS_TIMED_STATUS,
  type PidfExtra,
  type PidfTimedStatus,
} from './pidf-model.ts'
import { readTime } from './pidf-time.ts'

/** In one document. */
export const MAX_EXTRAS = 64
/** Characters of all of them together: every watcher gets a copy. */
export const MAX_EXTRAS_LENGTH = 8_192

/** The core reads these, or they are read by themselves; `{namespace}name`. */
const READ: Readonly<Record<'status' | 'service' | 'person' | 'presentity', ReadonlySet<string>>> =
  {
    status: named([NS_RPID, 'activities'], ['jabber:client', 'show']),
    service: named(
      [NS_RPID, 'class', 'activities', 'place-type'],
      [NS_TIMED_STATUS, 'timed-status'],
    ),
    person: named([NS_RPID, 'class', 'activities', 'place-type']),
    presentity: named([NS_DATA_MODEL, 'person', 'device']),
  }

function named(...lists: readonly (readonly [ns: string, ...names: string[]])[]): Set<string> {
  return new Set(lists.flatMap(([ns, ...names]) => names.map((name) => `{${ns}}${name}`)))
}

/** Gives out what there is room for in one document, in its order. */
export class ExtraBudget {
  #count = 0
  #length = 0

  take(extra: PidfExtra): boolean {
    const length = extra.kind.length + extra.text.length
    if (this.#count >= MAX_EXTRAS || this.#length + length > MAX_EXTRAS_LENGTH) return false
    this.#count += 1
    this.#length += length
    return true
  }
}

/** All extensions among the children of an element that are not read elsewhere. */
export function readExtras(
  owner: Element | undefined,
  of: keyof typeof READ,
  budget: ExtraBudget,
): PidfExtra[] {
  const extras: PidfExtra[] = []
  for (const child of owner?.elements() ?? []) {
    const kind = `{${child.ns}}${child.name}`
    // The schemas have other namespaces here than that of the element itself.
    if (READ[of].has(kind) || child.ns === '' || child.ns === owner?.ns) continue
    if (!isSound(child) || isPlainCaps(child)) continue
    const extra = toExtra(child, of, kind)
    if (budget.take(extra)) extras.push(extra)
  }
  return extras
}

/** RFC 4479 §3.4: known by its `deviceID`, whatever element it stands in. */
export function readDevices(root: Element, budget: ExtraBudget): PidfExtra[] {
  const devices: PidfExtra[] = []
  for (const device of root.elements()) {
    if (!device.is('device', NS_DATA_MODEL)) continue
    const kind = device.child('deviceID')?.text().trim() ?? ''
    const text = deviceContent(device)
    const extra: PidfExtra = { of: 'device', kind, text, from: undefined, until: undefined }
    if (isUri(kind) && budget.take(extra)) devices.push(extra)
  }
  return devices
}

/** In the order of the schema: extensions, the ID, notes, the time. */
function deviceContent(device: Element): string {
  const children = [...device.elements()]
  const own = (name: string) => children.filter((child) => child.is(name, NS_DATA_MODEL))
  const time = own('timestamp').filter((one) => readTime(one.text()) !== undefined)
  return [
    ...children.filter((child) => child.ns !== NS_DATA_MODEL && child.ns !== '' && isSound(child)),
    ...own('deviceID').slice(0, 1),
    ...own('note'),
    ...time.slice(0, 1),
  ]
    .map((child) => writeFragment(child))
    .join('')
}

/** RFC 4481 §5, in the form of the schema, however it was written. */
export function timedStatusExtra(
  element: Element,
  status: Omit<PidfTimedStatus, 'extra'>,
): PidfExtra {
  const { from, until, basic, note } = status
  const others = [...element.elements()].filter(({ ns }) => ns !== NS_TIMED_STATUS && ns !== '')
  const timed = xml(
    'timed-status',
    { xmlns: NS_TIMED_STATUS, from: isoTime(from), until: isoTime(until) },
    basic && xml('basic', {}, basic),
    note === undefined ? undefined : xml('note', {}, note),
    ...others.filter(isSound),
  )
  const text = writeFragment(timed)
  return { of: 'service', kind: `{${NS_TIMED_STATUS}}timed-status`, text, from, until }
}

function isoTime(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

function toExtra(element: Element, of: Extra['of'], kind: string): PidfExtra {
  const from = readTime(element.attr('from'))
  const until = readTime(element.attr('until'))
  return { of, kind, text: writeFragment(element), from, until }
}

/** What the core knows of capabilities, it writes itself. */
function isPlainCaps(element: Element): boolean {
  if (!element.is('servcaps', NS_CAPS)) return false
  return [...element.elements()].every((child) => {
    if (child.is('audio', NS_CAPS) || child.is('video', NS_CAPS)) return true
    return child.is('methods', NS_CAPS) && [...child.elements()].every(isMessageOnly)
  })
}

function isMessageOnly(support: Element): boolean {
  return [...support.elements()].every((method) => method.is('MESSAGE', NS_CAPS))
}

const isTime = (text: string) => readTime(text) !== undefined && !/[a-z]/.test(text)

/** RFC 4480 §5, RFC 4482 §5: those whose text has a form. */
const FORMS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ...['card', 'homepage', 'icon', 'map', 'sound'].map(
    (name) => [`{${NS_CIPID}}${name}`, isUri] as const,
  ),
  [`{${NS_RPID}}status-icon`, isUri],
  [`{${NS_RPID}}time-offset`, (text) => /^[+-]?\d{1,9}$/.test(text)],
  [`{${NS_RPID}}user-input`, (text) => text === 'active' || text === 'idle'],
  [`{${NS_DATA_MODEL}}deviceID`, isUri],
])

const RPID_ATTRIBUTES: Readonly<Record<string, (text: string) => boolean>> = {
  from: isTime,
  until: isTime,
  'last-input': isTime,
  'idle-threshold': (text) => /^[1-9]\d{0,9}$/.test(text),
}

function isSound(element: Element): boolean {
  const form = FORMS.get(`{${element.ns}}${element.name}`)
  if (form && !form(element.text().trim())) return false
  if (element.ns !== NS_RPID) return true
  return Object.entries(RPID_ATTRIBUTES).every(([name, check]) => {
    const value = element.attr(name)
    return value === undefined || check(value)
  })
}

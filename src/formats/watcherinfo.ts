/**
 * Watcher information documents (RFC 3858): who watches a resource, and in which state his
 * subscription is (RFC 3857 §4.7.1). Read where a presentity sends his decisions in one
 * (docs/adr/0010-presence-wauth.md), for which a watcher may bear the access level it is about.
 */

import { type Element, escapeAttr, escapeText } from '../xml/element.ts'
import type { XmlLimits } from '../xml/syntax.ts'
import { readDocument } from './read-document.ts'

/** The media type (RFC 3858 §8.1). */
export const WATCHERINFO = 'application/watcherinfo+xml'
export const NS_WATCHERINFO = 'urn:ietf:params:xml:ns:watcherinfo'
export const NS_ACCESS = 'urn:heliograph:access'

export const WATCHER_STATUSES = ['pending', 'active', 'waiting', 'terminated'] as const
export type WatcherStatus = (typeof WATCHER_STATUSES)[number]

export const WATCHER_EVENTS = [
  'subscribe',
  'approved',
  'deactivated',
  'probation',
  'rejected',
  'timeout',
  'giveup',
  'noresource',
] as const
export type WatcherEvent = (typeof WATCHER_EVENTS)[number]

/** One subscription. Times are whole seconds. */
export interface WatcherEntry {
  /** The same for as long as the subscription is reported. */
  readonly id: string
  readonly uri: string
  readonly status: WatcherStatus
  /** What brought it into this status. */
  readonly event: WatcherEvent
  readonly displayName?: string | undefined
  readonly expiration?: number | undefined
  readonly durationSubscribed?: number | undefined
}

export interface WatcherList {
  readonly resource: string
  /** The event package that is watched. */
  readonly package: string
  readonly watchers: readonly WatcherEntry[]
}

export interface WatcherInfo {
  /** From 0, one more in each document of a subscription. */
  readonly version: number
  readonly state: 'full' | 'partial'
  readonly lists: readonly WatcherList[]
}

/** A watcher as somebody else wrote him: what is no value of the format is `undefined`. */
export interface ReadWatcher {
  readonly uri: string
  readonly status: WatcherStatus
  readonly event: WatcherEvent | undefined
  /** Of our own namespace: the access level that a decision is about. */
  readonly level: string | undefined
}

export interface ReadWatcherList {
  readonly resource: string | undefined
  readonly package: string | undefined
  readonly watchers: readonly ReadWatcher[]
}

/** `too-large` is beyond the limits; SIP answers 413 for it, else 400. */
export class WatcherInfoError extends Error {
  readonly kind: 'not-well-formed' | 'too-large' | 'not-watcherinfo' | 'invalid'

  constructor(kind: WatcherInfoError['kind'], message: string) {
    super(message)
    this.name = 'WatcherInfoError'
    this.kind = kind
  }
}

export const WATCHERINFO_LIMITS: XmlLimits = {
  maxStanzaBytes: 65_536,
  maxDepth: 16,
  maxAttributes: 32,
}
/** In all lists of a document that is read. */
export const MAX_WATCHERS = 500

export function renderWatcherInfo({ version, state, lists }: WatcherInfo): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<watcherinfo xmlns="${NS_WATCHERINFO}" version="${version}" state="${state}">` +
    lists.map(renderList).join('') +
    '</watcherinfo>\n'
  )
}

function renderList({ resource, package: event, watchers }: WatcherList): string {
  return (
    `<watcher-list resource="${escapeAttr(resource)}" package="${escapeAttr(event)}">` +
    watchers.map(renderWatcher).join('') +
    '</watcher-list>'
  )
}

function renderWatcher(watcher: WatcherEntry): string {
  const { id, uri, status, event, displayName, expiration, durationSubscribed } = watcher
  return (
    `<watcher id="${escapeAttr(id)}" status="${status}" event="${event}"` +
    renderAttribute('display-name', displayName) +
    renderAttribute('expiration', expiration) +
    renderAttribute('duration-subscribed', durationSubscribed) +
    `>${escapeText(uri)}</watcher>`
  )
}

function renderAttribute(name: string, value: string | number | undefined): string {
  return value === undefined ? '' : ` ${name}="${escapeAttr(String(value))}"`
}

/**
 * §3: elements and attributes of other namespaces are passed over. Version and state are not
 * looked at. Throws `WatcherInfoError`; a watcher without an address or with a status that is
 * none makes the whole document invalid: half of somebody's decisions are not what he decided.
 */
export function parseWatcherInfo(
  bytes: Uint8Array | string,
  limits = WATCHERINFO_LIMITS,
): ReadWatcherList[] {
  const root = parseXml(bytes, limits)
  if (!root.is('watcherinfo', NS_WATCHERINFO)) {
    throw new WatcherInfoError('not-watcherinfo', `the document is {${root.ns}}${root.name}`)
  }
  const lists = childrenOf(root, 'watcher-list').map((list) => ({
    resource: list.attr('resource')?.trim(),
    package: list.attr('package')?.trim(),
    watchers: childrenOf(list, 'watcher').map(readWatcher),
  }))
  const count = lists.reduce((sum, { watchers }) => sum + watchers.length, 0)
  if (count > MAX_WATCHERS) throw new WatcherInfoError('too-large', 'there are too many watchers')
  return lists
}

function readWatcher(element: Element): ReadWatcher {
  const uri = element.text().trim()
  if (uri === '') throw new WatcherInfoError('invalid', 'a watcher has no URI')
  const status = WATCHER_STATUSES.find((known) => known === element.attr('status')?.trim())
  if (!status) throw new WatcherInfoError('invalid', `the status of ${uri} is not known`)
  const event = WATCHER_EVENTS.find((known) => known === element.attr('event')?.trim())
  return { uri, status, event, level: element.attr(`{${NS_ACCESS}}level`)?.trim() }
}

function childrenOf(element: Element, name: string): Element[] {
  return [...element.elements()].filter((child) => child.is(name, NS_WATCHERINFO))
}

function parseXml(bytes: Uint8Array | string, limits: XmlLimits): Element {
  return readDocument(bytes, limits, (fault, message) => new WatcherInfoError(fault, message))
}

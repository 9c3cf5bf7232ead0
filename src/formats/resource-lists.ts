/**
 * Resource lists (RFC 4826 §3): lists of URIs with names, lists within lists, and references to
 * entries and lists elsewhere. Bodies of requests have the same form (RFC 5363 §6); the copyControl
 * attributes of RFC 5364, and whatever else is of another namespace, are passed over.
 */

import { type Element, xml } from '../xml/element.ts'
import type { XmlLimits } from '../xml/syntax.ts'
import { readDocument } from './read-document.ts'

/** The media type (RFC 4826 §8.3). */
export const RESOURCE_LISTS = 'application/resource-lists+xml'
export const NS_RESOURCE_LISTS = 'urn:ietf:params:xml:ns:resource-lists'
/** Of our own: on whose behalf an application server watches an entry (docs/adr, "application servers"). */
export const NS_APPLICATION = 'urn:heliograph:application'

export interface ListEntry {
  readonly kind: 'entry'
  readonly uri: string
  readonly displayName?: string | undefined
  /** The watcher on whose behalf this is, as a URI; of our own namespace. */
  readonly watcher?: string | undefined
}

/** Relative to the XCAP root (§3.1). */
export interface EntryReference {
  readonly kind: 'entry-ref'
  readonly ref: string
  readonly displayName?: string | undefined
}

/** A list elsewhere, by its absolute URI (§3.1). */
export interface ExternalList {
  readonly kind: 'external'
  readonly anchor: string
  readonly displayName?: string | undefined
}

export interface ResourceList {
  readonly kind: 'list'
  readonly name?: string | undefined
  readonly displayName?: string | undefined
  readonly members: readonly ListMember[]
}

export type ListMember = ListEntry | EntryReference | ExternalList | ResourceList

/** `too-large` is beyond the limits (SIP: 413); `not-unique` breaks §3.1; `circular` a list that holds itself. */
export class ResourceListsError extends Error {
  readonly kind: 'not-well-formed' | 'too-large' | 'invalid' | 'not-unique' | 'circular'

  constructor(kind: ResourceListsError['kind'], message: string) {
    super(message)
    this.name = 'ResourceListsError'
    this.kind = kind
  }
}

export const RESOURCE_LISTS_LIMITS: XmlLimits = {
  maxStanzaBytes: 1_048_576,
  maxDepth: 16,
  maxAttributes: 32,
}
/** In all lists of a document together, lists included. */
export const MAX_LIST_MEMBERS = 10_000

/** Throws `ResourceListsError`. */
export function parseResourceLists(
  bytes: Uint8Array | string,
  limits = RESOURCE_LISTS_LIMITS,
): ResourceList[] {
  return readResourceLists(parseListsXml(bytes, limits))
}

/** Of a `<resource-lists/>`. Throws `ResourceListsError`. */
export function readResourceLists(root: Element): ResourceList[] {
  if (!root.is('resource-lists', NS_RESOURCE_LISTS)) {
    throw new ResourceListsError('invalid', `the document is {${root.ns}}${root.name}`)
  }
  const budget = { left: MAX_LIST_MEMBERS }
  return [...root.elements()]
    .filter((child) => child.is('list', NS_RESOURCE_LISTS))
    .map((list) => readListWithin(list, budget))
}

/** Of the content of an element of the type of lists, whatever its own name is (§4.2). Throws `ResourceListsError`. */
export function readList(element: Element): ResourceList {
  return readListWithin(element, { left: MAX_LIST_MEMBERS })
}

interface Budget {
  left: number
}

function readListWithin(element: Element, budget: Budget): ResourceList {
  budget.left -= 1
  if (budget.left < 0) throw new ResourceListsError('too-large', 'there are too many members')
  const members: ListMember[] = []
  for (const child of element.elements()) {
    if (child.ns !== NS_RESOURCE_LISTS) continue
    const member = child.name === 'list' ? readListWithin(child, budget) : readMember(child, budget)
    if (member) members.push(member)
  }
  return { kind: 'list', name: element.attr('name'), displayName: displayNameOf(element), members }
}

function readMember(element: Element, budget: Budget): ListMember | undefined {
  const displayName = displayNameOf(element)
  const required = REQUIRED[element.name]
  if (required === undefined) return undefined
  budget.left -= 1
  if (budget.left < 0) throw new ResourceListsError('too-large', 'there are too many members')
  const value = element.attr(required)?.trim() ?? ''
  if (value === '') {
    throw new ResourceListsError('invalid', `a member <${element.name}> has no ${required}`)
  }
  switch (element.name) {
    case 'entry':
      return { kind: 'entry', uri: value, displayName, watcher: watcherOf(element) }
    case 'entry-ref':
      return { kind: 'entry-ref', ref: value, displayName }
    default:
      return { kind: 'external', anchor: value, displayName }
  }
}

/** The attribute that each kind of member must have; what is none of them is not a member. */
const REQUIRED: Readonly<Partial<Record<string, string>>> = {
  entry: 'uri',
  'entry-ref': 'ref',
  external: 'anchor',
}

function displayNameOf(element: Element): string | undefined {
  return element.child('display-name', NS_RESOURCE_LISTS)?.text().trim() || undefined
}

function watcherOf(element: Element): string | undefined {
  return element.attr(`{${NS_APPLICATION}}watcher`)?.trim() || undefined
}

export function renderResourceLists(lists: readonly ResourceList[]): string {
  const root = xml('resource-lists', { xmlns: NS_RESOURCE_LISTS }, ...lists.map(listElement))
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`
}

/** A `<list/>`, to be put into a document. */
export function listElement(list: ResourceList): Element {
  return xml(
    'list',
    { xmlns: NS_RESOURCE_LISTS, name: list.name },
    ...[nameElement(list.displayName), ...list.members.map(memberElement)],
  )
}

function memberElement(member: ListMember): Element {
  const name = nameElement(member.displayName)
  switch (member.kind) {
    case 'list':
      return listElement(member)
    case 'entry': {
      const watcher = { [`{${NS_APPLICATION}}watcher`]: member.watcher }
      return xml('entry', { xmlns: NS_RESOURCE_LISTS, uri: member.uri, ...watcher }, name)
    }
    case 'entry-ref':
      return xml('entry-ref', { xmlns: NS_RESOURCE_LISTS, ref: member.ref }, name)
    case 'external':
      return xml('external', { xmlns: NS_RESOURCE_LISTS, anchor: member.anchor }, name)
  }
}

function nameElement(displayName: string | undefined): Element | undefined {
  return displayName === undefined
    ? undefined
    : xml('display-name', { xmlns: NS_RESOURCE_LISTS }, displayName)
}

/** §3.1: names of lists, and URIs of each kind of member, are unique within one parent. Throws `ResourceListsError`. */
export function requireUniqueMembers(members: readonly ListMember[]): void {
  const seen = new Set<string>()
  for (const member of members) {
    const identity = identityOf(member)
    if (identity !== undefined && seen.has(identity)) {
      throw new ResourceListsError('not-unique', `a list has ${identity} twice`)
    }
    if (identity !== undefined) seen.add(identity)
    if (member.kind === 'list') requireUniqueMembers(member.members)
  }
}

/** `undefined` for a list without a name. */
function identityOf(member: ListMember): string | undefined {
  switch (member.kind) {
    case 'list':
      return member.name === undefined ? undefined : `list ${member.name}`
    case 'entry':
      return `entry ${member.uri} ${member.watcher ?? ''}`.trimEnd()
    case 'entry-ref':
      return `entry-ref ${member.ref}`
    case 'external':
      return `external ${member.anchor}`
  }
}

/** Shared by the formats that hold lists. Throws `ResourceListsError`. */
export function parseListsXml(bytes: Uint8Array | string, limits: XmlLimits): Element {
  return readDocument(bytes, limits, (fault, message) => new ResourceListsError(fault, message))
}

/**
 * Resource list meta-information (RFC 4662 §5): which resources a list has, and where in the body
 * the state of each is. Read by application servers, which get lists from us.
 */

import { type Element, xml } from '../xml/element.ts'
import type { XmlLimits } from '../xml/syntax.ts'
import { readDocument } from './read-document.ts'
import { NS_APPLICATION } from './resource-lists.ts'

/** The media type (RFC 4662 §8.2). */
export const RLMI = 'application/rlmi+xml'
export const NS_RLMI = 'urn:ietf:params:xml:ns:rlmi'

export const INSTANCE_STATES = ['active', 'pending', 'terminated'] as const
export type InstanceState = (typeof INSTANCE_STATES)[number]

/** One virtual subscription (§5.5). */
export interface RlmiInstance {
  /** Unique within its resource. */
  readonly id: string
  readonly state: InstanceState
  /** Always there where the state is `terminated`. */
  readonly reason?: string | undefined
  /** The Content-ID of the part that has the state, without angle brackets; always there where it is `active`. */
  readonly cid?: string | undefined
  /** On whose behalf an application server watches, as a URI; of our own namespace. */
  readonly watcher?: string | undefined
}

export interface RlmiResource {
  readonly uri: string
  readonly name?: string | undefined
  /** None where nothing is known of the resource (§4.5). */
  readonly instances: readonly RlmiInstance[]
}

export interface RlmiList {
  readonly uri: string
  /** From 0, one more in each NOTIFY of a subscription. */
  readonly version: number
  /** Whether these are all resources, or those that have changed. */
  readonly fullState: boolean
  readonly name?: string | undefined
  readonly resources: readonly RlmiResource[]
}

/** `too-large` is beyond the limits. */
export class RlmiError extends Error {
  readonly kind: 'not-well-formed' | 'too-large' | 'invalid'

  constructor(kind: RlmiError['kind'], message: string) {
    super(message)
    this.name = 'RlmiError'
    this.kind = kind
  }
}

export const RLMI_LIMITS: XmlLimits = {
  maxStanzaBytes: 4_194_304,
  maxDepth: 16,
  maxAttributes: 32,
}

export function renderRlmi({ uri, version, fullState, name, resources }: RlmiList): string {
  const attributes = { xmlns: NS_RLMI, uri, version: `${version}`, fullState: `${fullState}` }
  const list = xml('list', attributes, nameElement(name), ...resources.map(resourceElement))
  return `<?xml version="1.0" encoding="UTF-8"?>\n${list}\n`
}

function resourceElement({ uri, name, instances }: RlmiResource): Element {
  return xml('resource', { uri }, nameElement(name), ...instances.map(instanceElement))
}

function instanceElement({ id, state, reason, cid, watcher }: RlmiInstance): Element {
  return xml('instance', { id, state, reason, cid, [`{${NS_APPLICATION}}watcher`]: watcher })
}

function nameElement(name: string | undefined): Element | undefined {
  return name === undefined ? undefined : xml('name', {}, name)
}

/** Throws `RlmiError`. */
export function parseRlmi(bytes: Uint8Array | string, limits = RLMI_LIMITS): RlmiList {
  const root = parseXml(bytes, limits)
  if (!root.is('list', NS_RLMI)) throw invalid(`the document is {${root.ns}}${root.name}`)
  return {
    uri: required(root, 'uri'),
    version: readVersion(required(root, 'version')),
    fullState: readBoolean(required(root, 'fullState')),
    name: nameOf(root),
    resources: childrenOf(root, 'resource').map(readResource),
  }
}

function readResource(element: Element): RlmiResource {
  const instances = childrenOf(element, 'instance').map(readInstance)
  return { uri: required(element, 'uri'), name: nameOf(element), instances }
}

function readInstance(element: Element): RlmiInstance {
  const text = required(element, 'state')
  const state = INSTANCE_STATES.find((known) => known === text)
  if (!state) throw invalid(`no instance is ${text}`)
  return {
    id: required(element, 'id'),
    state,
    reason: element.attr('reason')?.trim(),
    cid: element.attr('cid')?.trim(),
    watcher: element.attr(`{${NS_APPLICATION}}watcher`)?.trim(),
  }
}

function readVersion(text: string): number {
  const version = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(version < 2 ** 32)) throw invalid(`${text} is no version`)
  return version
}

/** An `xs:boolean` (§5.2). */
function readBoolean(text: string): boolean {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw invalid(`fullState is ${text}`)
}

function nameOf(element: Element): string | undefined {
  return element.child('name', NS_RLMI)?.text().trim() || undefined
}

function required(element: Element, name: string): string {
  const value = element.attr(name)?.trim()
  if (!value) throw invalid(`<${element.name}> has no ${name}`)
  return value
}

function childrenOf(element: Element, name: string): Element[] {
  return [...element.elements()].filter((child) => child.is(name, NS_RLMI))
}

function parseXml(bytes: Uint8Array | string, limits: XmlLimits): Element {
  return readDocument(bytes, limits, (fault, message) => new RlmiError(fault, message))
}

function invalid(message: string): RlmiError {
  return new RlmiError('invalid', message)
}

/** RLS services (RFC 4826 §4): the lists that a resource list server serves, each with a URI to subscribe to. */
import { type Element, xml } from '../xml/element.ts'
import {
  listElement,
  parseListsXml,
  RESOURCE_LISTS_LIMITS,
  type ResourceList,
  ResourceListsError,
  readList,
} from './resource-lists.ts'

/** The media type (RFC 4826 §8.4). */
export const RLS_SERVICES = 'application/rls-services+xml'
export const NS_RLS_SERVICES = 'urn:ietf:params:xml:ns:rls-services'

export interface RlsService {
  readonly uri: string
  /** The list itself, or the URI of one in a resource lists document (§4.1). */
  readonly list: ResourceList | string
  /** The event packages that it can be subscribed to; `undefined` for any. */
  readonly packages: readonly string[] | undefined
}

/** Throws `ResourceListsError`. */
export function parseRlsServices(
  bytes: Uint8Array | string,
  limits = RESOURCE_LISTS_LIMITS,
): RlsService[] {
  return readRlsServices(parseListsXml(bytes, limits))
}

/** Of an `<rls-services/>`. Throws `ResourceListsError`. */
export function readRlsServices(root: Element): RlsService[] {
  if (!root.is('rls-services', NS_RLS_SERVICES)) {
    throw new ResourceListsError('invalid', `the document is {${root.ns}}${root.name}`)
  }
  return [...root.elements()]
    .filter((child) => child.is('service', NS_RLS_SERVICES))
    .map(readService)
}

function readService(element: Element): RlsService {
  const uri = element.attr('uri')?.trim() ?? ''
  if (uri === '') throw new ResourceListsError('invalid', 'a service has no URI')
  return { uri, list: listOf(element, uri), packages: packagesOf(element) }
}

function listOf(element: Element, uri: string): ResourceList | string {
  const list = element.child('list', NS_RLS_SERVICES)
  if (list) return readList(list)
  const reference = element.child('resource-list', NS_RLS_SERVICES)?.text().trim()
  if (!reference) throw new ResourceListsError('invalid', `the service ${uri} has no list`)
  return reference
}

function packagesOf(element: Element): string[] | undefined {
  const packages = element.child('packages', NS_RLS_SERVICES)
  if (!packages) return undefined
  return [...packages.elements()]
    .filter((child) => child.is('package', NS_RLS_SERVICES))
    .map((child) => child.text().trim())
}

export function renderRlsServices(services: readonly RlsService[]): string {
  const root = xml('rls-services', { xmlns: NS_RLS_SERVICES }, ...services.map(serviceElement))
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`
}

function serviceElement({ uri, list, packages }: RlsService): Element {
  return xml(
    'service',
    { xmlns: NS_RLS_SERVICES, uri },
    typeof list === 'string' ? xml('resource-list', {}, list) : ownList(list),
    packages && xml('packages', {}, ...packages.map((name) => xml('package', {}, name))),
  )
}

/** §4.2: the list is of this namespace, what is in it is of that of resource lists. */
function ownList(list: ResourceList): Element {
  const { children } = listElement(list)
  return xml('list', { xmlns: NS_RLS_SERVICES, name: list.name }, ...children)
}

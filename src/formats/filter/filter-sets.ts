/**
 * The filters of one subscription: which of them is for a resource (RFC 4660 §4.1, §5.2.1), and how a
 * refresh changes them (§5.2.2).
 *
 * Kept is what came, in one document of our own where it came in several: each filter set has its own
 * bindings of prefixes.
 */
import { Element, newAttributes } from '../../xml/element.ts'
import { type Filter, FilterError, type FilterSet, NS_SIMPLE_FILTER } from './filter-model.ts'
import { parseFilterXml, readFilterSet } from './parse-filter.ts'

/** Around several filter sets, of which later ones were sent to change earlier ones. */
const KEPT = { name: 'filter-sets', ns: 'urn:heliograph:filters' }

/** What one SUBSCRIBE brings, or what is kept of several. Throws `FilterError`. */
export function parseFilters(bytes: Uint8Array): FilterSet {
  const filters = setsIn(parseFilterXml(bytes)).map(readFilterSet)
  return requireApart(filters.reduce(changed, { package: undefined, filters: [] }))
}

/** What is kept once `now` has changed what was kept `before`. Throws `FilterError`. */
export function mergeFilters(before: Uint8Array, now: Uint8Array): Buffer {
  const sets = [...setsIn(parseFilterXml(before)), ...setsIn(parseFilterXml(now))]
  const merged = new Element(KEPT.name, KEPT.ns, newAttributes(), withoutPast(sets))
  return Buffer.from(merged.toString())
}

/**
 * The filter for a resource, or none where it is disabled (§5.3: as if it were not there). One that
 * names it comes before one that names its domain, and that before the one that names nothing, which
 * is for the resource that was subscribed to and whatever is in it (§4.1).
 */
export function filterFor(
  set: FilterSet | undefined,
  resource: string,
  event?: string,
): Filter | undefined {
  if (!set || (set.package !== undefined && event !== undefined && set.package !== event)) {
    return undefined
  }
  const wanted = comparable(resource)
  const found =
    set.filters.find(({ uri }) => uri !== undefined && comparable(uri) === wanted) ??
    set.filters.find(({ domain }) => domain !== undefined && domain === domainIn(wanted)) ??
    set.filters.find(({ uri, domain }) => uri === undefined && domain === undefined)
  return found?.enabled ? found : undefined
}

function setsIn(root: Element): Element[] {
  return root.is(KEPT.name, KEPT.ns) ? [...root.elements()] : [root]
}

/** What a later set has made meaningless need not be kept: filters that it replaces, and old switches. */
function withoutPast(sets: readonly Element[]): Element[] {
  const last = sets.at(-1)
  const now = new Map<string | undefined, Element>()
  for (const filter of last?.elements() ?? []) now.set(filter.attr('id'), filter)
  const isOver = (old: Element) => {
    const replacing = now.get(old.attr('id'))
    if (old.attr('remove') !== undefined) return true
    return replacing !== undefined && (isWhole(replacing) || !isWhole(old))
  }
  return sets
    .map((set) => (set === last ? set : without(set, isOver)))
    .filter((set) => [...set.elements()].some(isFilter))
}

/** It says what it is, or that it is to go; else it switches one that is there. */
function isWhole(filter: Element): boolean {
  return filter.attr('remove') !== undefined || [...filter.elements()].length > 0
}

function without(set: Element, isOver: (filter: Element) => boolean): Element {
  const children = set.children.filter(
    (child) => typeof child === 'string' || !isFilter(child) || !isOver(child),
  )
  return new Element(set.name, set.ns, set.attrs, children)
}

function isFilter(element: Element): boolean {
  return element.is('filter', NS_SIMPLE_FILTER)
}

/** §5.2.2, RFC 4661 §3.4: by its id a filter is removed, replaced, or switched on and off as it is. */
function changed(before: FilterSet, now: FilterSet): FilterSet {
  const filters = new Map(before.filters.map((filter) => [filter.id, filter]))
  for (const filter of now.filters) {
    const old = filters.get(filter.id)
    filters.delete(filter.id)
    if (filter.remove) continue
    const isSwitched = old && !filter.what && filter.triggers.length === 0
    filters.set(filter.id, isSwitched ? { ...old, enabled: filter.enabled } : filter)
  }
  return { package: now.package ?? before.package, filters: [...filters.values()] }
}

/** §5.2: two filters for the same resource or domain cannot be. */
function requireApart(set: FilterSet): FilterSet {
  const targets = set.filters.map(({ uri, domain }) =>
    uri === undefined ? `@${domain ?? ''}` : comparable(uri),
  )
  if (new Set(targets).size === targets.length) return set
  throw new FilterError('invalid', 'two filters are for the same resource')
}

/** RFC 3261 §19.1.4: the user part counts as it is, scheme and host do not; parameters name no other resource. */
function comparable(uri: string): string {
  const [bare = ''] = uri.trim().split(/[;?]/)
  const at = bare.lastIndexOf('@')
  const colon = bare.indexOf(':')
  if (at < 0) return bare.toLowerCase()
  return bare.slice(0, colon).toLowerCase() + bare.slice(colon, at) + bare.slice(at).toLowerCase()
}

function domainIn(uri: string): string | undefined {
  const at = uri.lastIndexOf('@')
  return at < 0 ? undefined : uri.slice(at + 1).replace(/:\d+$/, '')
}

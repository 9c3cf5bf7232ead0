/** Reads filter sets (RFC 4661 §3). What a filter says and cannot be done is an error, not passed over. */

import type { Element } from '../../xml/element.ts'
import { parsePath } from '../../xml/path/parse-path.ts'
import { type Namespaces, type Path, PathError } from '../../xml/path/path.ts'
import type { XmlLimits } from '../../xml/syntax.ts'
import { readDocument } from '../read-document.ts'
import {
  type Criterion,
  type Filter,
  FilterError,
  type FilterSet,
  NS_SIMPLE_FILTER,
  type Selection,
  type What,
} from './filter-model.ts'

export const FILTER_LIMITS: XmlLimits = {
  maxStanzaBytes: 32_768,
  maxDepth: 12,
  maxAttributes: 32,
}
export const MAX_FILTERS = 64
/** Of one filter: each is looked for in every document. */
export const MAX_EXPRESSIONS = 16

/** Throws `FilterError`. */
export function parseFilterSet(bytes: Uint8Array | string): FilterSet {
  return readFilterSet(parseFilterXml(bytes))
}

export function parseFilterXml(bytes: Uint8Array | string): Element {
  return readDocument(bytes, FILTER_LIMITS, (fault, message) => new FilterError(fault, message))
}

export function readFilterSet(root: Element): FilterSet {
  if (!root.is('filter-set', NS_SIMPLE_FILTER)) throw invalid(`${root.name} is no filter-set`)
  const namespaces = readBindings(root)
  const filters = children(root, 'filter').map((element) => readFilter(element, namespaces))
  if (filters.length > MAX_FILTERS) throw new FilterError('too-large', 'there are too many filters')
  requireUnique(filters)
  return { package: root.attr('package')?.trim(), filters }
}

/**
 * RFC 4661 §5: as in XPath 1.0, names without a prefix have no namespace, whatever the document has.
 */
function readBindings(root: Element): Namespaces {
  const bound = new Map<string, string>([['', '']])
  for (const binding of children(root, 'ns-bindings').flatMap((one) =>
    children(one, 'ns-binding'),
  )) {
    const { prefix, urn } = binding.attrs
    if (prefix === undefined || urn === undefined) throw invalid('a binding lacks prefix or urn')
    bound.set(prefix.trim(), urn.trim())
  }
  return (prefix) => bound.get(prefix)
}

function readFilter(element: Element, namespaces: Namespaces): Filter {
  const id = element.attr('id')?.trim() ?? ''
  if (id === '') throw invalid('a filter has no id')
  const { uri, domain } = element.attrs
  if (uri !== undefined && domain !== undefined) throw invalid(`${id} has both uri and domain`)
  const filter: Filter = {
    id,
    uri: uri?.trim(),
    domain: domain?.trim().toLowerCase(),
    enabled: readBoolean(element, 'enabled', true),
    remove: readBoolean(element, 'remove', false),
    what: readWhat(element, namespaces),
    triggers: children(element, 'trigger')
      .map((trigger) => readTrigger(trigger, namespaces))
      // RFC 4660 §5.4: an empty one is none.
      .filter((criteria) => criteria.length > 0),
  }
  requireFew(filter)
  return filter
}

function readWhat(filter: Element, namespaces: Namespaces): What | undefined {
  const [what, ...more] = children(filter, 'what')
  if (more.length > 0) throw invalid('a filter has two what elements')
  if (!what) return undefined
  const selections = (name: string) =>
    children(what, name).map((element) => readSelection(element, namespaces))
  const [include, exclude] = [selections('include'), selections('exclude')]
  return include.length + exclude.length === 0 ? undefined : { include, exclude }
}

function readSelection(element: Element, namespaces: Namespaces): Selection {
  const type = element.attr('type') ?? 'xpath'
  if (type === 'namespace') return { type, ns: element.text().trim() }
  if (type === 'xpath') return { type, path: readPath(element, namespaces) }
  throw invalid(`the type ${type} is not known`)
}

function readTrigger(trigger: Element, namespaces: Namespaces): Criterion[] {
  return [...trigger.elements()].flatMap((element): Criterion[] => {
    if (element.ns !== NS_SIMPLE_FILTER) return []
    const { name } = element
    const path = readPath(element, namespaces)
    if (name === 'added' || name === 'removed') return [{ kind: name, path }]
    if (name !== 'changed') throw invalid(`${name} is no criterion`)
    const { from, to } = element.attrs
    return [{ kind: name, path, from, to, by: readDecimal(element.attr('by')) }]
  })
}

function readPath(element: Element, namespaces: Namespaces): Path {
  const text = element.text()
  try {
    return parsePath(text, namespaces)
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    throw invalid(error.message)
  }
}

function readDecimal(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,12}(\.\d{1,6})?$/.test(text.trim())) throw invalid(`by is no decimal: ${text}`)
  return Number(text)
}

function readBoolean(element: Element, name: string, otherwise: boolean): boolean {
  const text = element.attr(name)?.trim()
  if (text === undefined) return otherwise
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw invalid(`${name} is no boolean: ${text}`)
}

/** §3.4. */
function requireUnique(filters: readonly Filter[]): void {
  if (new Set(filters.map(({ id }) => id)).size === filters.length) return
  throw invalid('two filters have the same id')
}

function requireFew({ id, what, triggers }: Filter): void {
  const count = (what?.include.length ?? 0) + (what?.exclude.length ?? 0) + triggers.flat().length
  if (count > MAX_EXPRESSIONS) throw new FilterError('too-large', `${id} has too many expressions`)
}

/** §4: extensions are passed over. */
function children(element: Element, name: string): Element[] {
  return [...element.elements()].filter((child) => child.is(name, NS_SIMPLE_FILTER))
}

function invalid(message: string): FilterError {
  return new FilterError('invalid', message)
}

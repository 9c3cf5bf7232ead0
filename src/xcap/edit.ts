/** Changes of one node in the text of a document (RFC 4825 §8.2.3, §8.2.4, §8.4). */
import {
  appendTo,
  attributeOf,
  type Bindings,
  readSource,
  type SourceElement,
  splice,
} from '../xml/source-tree.ts'
import {
  isNamed,
  matching,
  type Name,
  type NodeSelector,
  type Step,
  select,
  selectElement,
} from './node-selector.ts'
import { type Conflict, conflict } from './xcap-refusal.ts'

export interface Edited {
  readonly text: string
  /** Nothing was there before. */
  readonly created: boolean
}

/** Where an element is to go: what it stands in, and what the last step says of it. */
export interface Place {
  /** `undefined`: the document itself, which has one root. */
  readonly parent: SourceElement | undefined
  readonly step: Step
}

/** `undefined` where there is no such parent, or the steps to it are not clear. */
export function placeOf(root: SourceElement, { steps }: NodeSelector): Place | undefined {
  const step = steps.at(-1) ?? steps[0]
  if (steps.length === 1) return { parent: undefined, step }
  const parent = selectElement(root, steps.slice(0, -1))
  return parent && { parent, step }
}

/** The prefixes that an element may use that is put there. */
export function bindingsAt({ parent }: Place): Bindings {
  return parent?.bindings ?? new Map()
}

/** Throws `Conflict` cannot-insert. */
export function putElement(
  text: string,
  selector: NodeSelector,
  place: Place,
  fragment: string,
): Edited {
  const siblings = place.parent?.children ?? [readSource(text)]
  const [target, more] = matching(siblings, place.step)
  if (more) throw cannotInsert('The selector fits more than one element')
  const at = target ? target.start : insertionPoint(siblings, place)
  const next = target
    ? splice(text, target.start, target.end, fragment)
    : insert(text, place, { at, fragment })
  requireSelected(next, selector, fragment)
  return { text: next, created: !target }
}

function insert(
  text: string,
  { parent }: Place,
  { at, fragment }: { at: number | undefined; fragment: string },
): string {
  if (!parent) throw cannotInsert('A document has one root')
  return at === undefined ? appendTo(text, parent, fragment) : splice(text, at, at, fragment)
}

/** `undefined`: at the very end of the parent, after what is no element, too. */
function insertionPoint(
  siblings: readonly SourceElement[],
  { step: { name, position } }: Place,
): number | undefined {
  const alike = name ? siblings.filter((sibling) => isNamed(sibling, name)) : siblings
  if (alike.length < (position ?? 1) - 1 || position === 0) {
    throw cannotInsert('There are not as many elements before that position')
  }
  if (position === undefined) return name ? alike.at(-1)?.end : undefined
  return position === 1 ? alike[0]?.start : alike[position - 2]?.end
}

/** GET(PUT(x)) is x (§7). */
function requireSelected(text: string, selector: NodeSelector, fragment: string): void {
  const selected = select(readSource(text), selector)
  if (selected.kind === 'element') {
    const { start, end } = selected.element
    if (text.slice(start, end) === fragment) return
  }
  throw cannotInsert('The selector would not select the element that was sent')
}

/** Throws `Conflict` cannot-insert. */
export function putAttribute(
  text: string,
  selector: NodeSelector,
  { element, name, value }: { element: SourceElement; name: Name; value: string },
): Edited {
  const attribute = attributeOf(element, name.name, name.ns)
  const at = endOfAttributes(text, element)
  const next = attribute
    ? splice(text, attribute.valueStart - 1, attribute.end, quoted(value))
    : splice(text, at, at, ` ${qnameOf(element, name)}=${quoted(value)}`)
  if (select(readSource(next), selector).kind !== 'attribute') {
    throw cannotInsert('The selector would not select the attribute any more')
  }
  return { text: next, created: !attribute }
}

/** A name in a namespace needs a prefix that is bound there: declarations are not made here (§8.2.3). */
function qnameOf({ bindings }: SourceElement, { name, ns }: Name): string {
  if (ns === '') return name
  for (const [prefix, uri] of bindings) if (prefix !== '' && uri === ns) return `${prefix}:${name}`
  throw cannotInsert(`No prefix is bound to ${ns} there`)
}

function quoted(value: string): string {
  if (!value.includes('"')) return `"${value}"`
  return value.includes("'") ? `"${value.replaceAll('"', '&quot;')}"` : `'${value}'`
}

function endOfAttributes(text: string, { openEnd, isSelfClosing }: SourceElement): number {
  const end = isSelfClosing ? openEnd - 2 : openEnd - 1
  return text.slice(0, end).trimEnd().length
}

/** `undefined` where there is nothing to remove. Throws `Conflict` cannot-delete. */
export function removeNode(text: string, selector: NodeSelector): string | undefined {
  const selected = select(readSource(text), selector)
  if (selected.kind === 'no-match' || selected.kind === 'namespaces') return undefined
  const { start, end } = selected.kind === 'element' ? selected.element : selected.attribute
  if (selected.kind === 'element' && !selected.element.parent) {
    throw conflict('cannot-delete', 'A document has a root')
  }
  const next = splice(text, start, end, '')
  // §8.4: a second DELETE must not find another one.
  if (select(readSource(next), selector).kind !== 'no-match') {
    throw conflict('cannot-delete', 'The selector would then select something else')
  }
  return next
}

function cannotInsert(phrase: string): Conflict {
  return conflict('cannot-insert', phrase)
}

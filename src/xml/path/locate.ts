/** Finds what a location path points to in a document (XPath 1.0 §2, as far as `path.ts` goes). */
import { Element, newAttributes, type XmlNode } from '../element.ts'
import type { Comparison, Name, Operand, Path, Predicate, Step } from './path.ts'

/** An element, and where it stands. */
export interface Place {
  readonly element: Element
  /** `undefined` for the document itself, which is no element of anybody’s. */
  readonly parent: Place | undefined
}

export type Located =
  | ({ readonly kind: 'element' } & Place)
  | { readonly kind: 'attribute'; readonly owner: Place; readonly key: string }
  | { readonly kind: 'text'; readonly owner: Place; readonly index: number }

/** The root’s parent in `Place`s: it has no name, and the root is its one child. */
export function documentOf(root: Element): Element {
  return new Element('', '', newAttributes(), [root])
}

/** All that the path finds, in document order; `document` is one of `documentOf`. */
export function locate(document: Element, path: Path): Located[] {
  let places: readonly Place[] = [{ element: document, parent: undefined }]
  for (const step of path) {
    if (step.test.kind !== 'element') {
      return places.flatMap((place) => leavesOf(place, step))
    }
    const strings: Strings = new Map()
    places = distinct(places.flatMap((place) => elementsOf(place, step, strings)))
  }
  return places.map((place) => ({ kind: 'element', ...place }))
}

/** The element’s string value (XPath 1.0 §5.2): all text in it, at any depth. */
export function stringValue(element: Element): string {
  let text = ''
  for (const child of element.children) {
    text += typeof child === 'string' ? child : stringValue(child)
  }
  return text
}

/** Of what was located. */
export function textAt(located: Located): string {
  if (located.kind === 'element') return stringValue(located.element)
  const { element } = located.owner
  if (located.kind === 'attribute') return element.attr(located.key) ?? ''
  const node = element.children[located.index]
  return typeof node === 'string' ? node : ''
}

/** What was read once for a step: many elements may look at the text of one parent. */
type Strings = Map<Element, string>

function elementsOf(place: Place, { deep, test, predicates }: Step, strings: Strings): Place[] {
  if (test.kind !== 'element') return []
  const owners = deep ? [place, ...descendants(place)] : [place]
  return owners.flatMap((owner) => {
    const children = childrenOf(owner).filter(({ element }) => isNamed(element, test.name))
    return predicates.reduce((left, one) => kept(left, one, strings), children)
  })
}

function leavesOf(place: Place, { deep, test, predicates }: Step): Located[] {
  const owners = deep ? [place, ...descendants(place)] : [place]
  return owners.flatMap((owner): Located[] => {
    if (test.kind === 'attribute') {
      const isThere = owner.element.attr(test.key) !== undefined
      return isThere && predicates.length === 0 ? [{ kind: 'attribute', owner, key: test.key }] : []
    }
    if (test.kind !== 'text') return []
    const texts = [...owner.element.children.entries()].filter(([, node]) => isText(node))
    return texts
      .filter((_, at) => predicates.every((one) => isAt(one, at + 1)))
      .map(([index]) => ({ kind: 'text', owner, index }))
  })
}

function kept(places: readonly Place[], predicate: Predicate, strings: Strings): Place[] {
  if (predicate.kind === 'position') return places.filter((_, at) => isAt(predicate, at + 1))
  return places.filter((place) =>
    predicate.of.some((all) => all.every((comparison) => holds(place, comparison, strings))),
  )
}

function isAt(predicate: Predicate, position: number): boolean {
  return predicate.kind === 'position' && predicate.position === position
}

/** XPath 1.0 §3.4: of several nodes one is enough. */
function holds(place: Place, { operand, operator, value }: Comparison, strings: Strings): boolean {
  return valuesOf(place, operand, strings).some((text) => compare(text, operator, value))
}

function compare(text: string, operator: Comparison['operator'], value: string): boolean {
  if (operator === '=') return text === value || text.trim() === value
  const [left, right] = [Number(text.trim() || Number.NaN), Number(value)]
  return operator === '<' ? left < right : left > right
}

function valuesOf(place: Place, { up, steps, attribute }: Operand, strings: Strings): string[] {
  let elements = [(up ? place.parent : place)?.element].filter((one) => one !== undefined)
  for (const name of steps) {
    elements = elements.flatMap((one) =>
      [...one.elements()].filter((child) => isNamed(child, name)),
    )
  }
  if (attribute === undefined) return elements.map((one) => stringIn(one, strings))
  return elements.flatMap((one) => one.attr(attribute) ?? [])
}

function stringIn(element: Element, strings: Strings): string {
  const known = strings.get(element)
  if (known !== undefined) return known
  const text = stringValue(element)
  strings.set(element, text)
  return text
}

function isNamed(element: Element, { local, ns }: Name): boolean {
  return local === undefined || element.is(local, ns)
}

function isText(node: XmlNode): node is string {
  return typeof node === 'string'
}

function childrenOf(parent: Place): Place[] {
  return Array.from(parent.element.elements(), (element) => ({ element, parent }))
}

function descendants(place: Place): Place[] {
  return childrenOf(place).flatMap((child) => [child, ...descendants(child)])
}

/** `//` may come to an element by several ways. */
function distinct(places: readonly Place[]): Place[] {
  const found = new Map<Element, Place>()
  for (const place of places) if (!found.has(place.element)) found.set(place.element, place)
  return [...found.values()]
}

/** Checks of documents against their schemas; what is of other namespaces is let be (RFC 4825 §8.2.5). */
import type { Element } from '../xml/element.ts'
import { type Conflict, conflict } from './xcap-refusal.ts'

/** Throws `Conflict`. */
export function requireRoot(root: Element, name: string, ns: string): void {
  if (!root.is(name, ns)) throw invalid(`The root is {${root.ns}}${root.name}, not ${name}`)
}

export interface Content {
  /** Names of the children that there may be. */
  readonly names: readonly string[]
  /** Of those; that of the element where it is not given. */
  readonly ns?: string
  /** Whether there may be elements of other namespaces. */
  readonly others?: boolean
}

/** The children of the namespace. Throws `Conflict` for others, and for text. */
export function childrenOf(
  element: Element,
  { names, ns = element.ns, others = true }: Content,
): Element[] {
  if (element.text().trim() !== '') throw invalid(`There is text in <${element.name}>`)
  const known: Element[] = []
  for (const child of element.elements()) {
    if (child.ns === ns && names.includes(child.name)) known.push(child)
    else if (child.ns === ns || !others) {
      throw invalid(`<${child.name}> cannot stand in <${element.name}>`)
    }
  }
  return known
}

/** There is at most one of this name, before all others. Throws `Conflict`. */
export function requireOneFirst(children: readonly Element[], name: string): void {
  const at = children.findLastIndex((child) => child.name === name)
  if (at > 0) throw invalid(`<${name}> stands once, and first`)
}

/** Throws `Conflict`. */
export function requireAttribute(element: Element, name: string): string {
  const value = element.attr(name)?.trim()
  if (!value) throw invalid(`<${element.name}> has no ${name}`)
  return value
}

export function invalid(phrase: string): Conflict {
  return conflict('schema-validation-error', phrase)
}

/**
 * Applies patch operations to a document, one after the other (RFC 5261 §4), all of them or none.
 *
 * Documents are kept without comments, processing instructions and prefixes: nothing finds one, what
 * is added of the first two is nothing, and a declaration is there already wherever a name needs it.
 */
import { Element, newAttributes, type XmlNode } from '../element.ts'
import { documentOf, type Located, locate } from '../path/locate.ts'
import type { PatchOperation, Placement, WhiteSpace } from './operations.ts'
import { PatchError } from './patch-error.ts'

/** The patched document; the one given stays as it is. Throws `PatchError`. */
export function applyPatch(root: Element, operations: readonly PatchOperation[]): Element {
  const document = documentOf(copyOf(root))
  for (const operation of operations) apply(document, operation)
  const [patched] = document.elements()
  if (patched) return patched
  throw new PatchError('invalid-root-element-operation', 'there is no root element left')
}

function apply(document: Element, operation: PatchOperation): void {
  const located = locateOne(document, operation)
  switch (operation.kind) {
    case 'add':
      add(located, operation)
      break
    case 'replace':
      replace(located, operation)
      break
    case 'remove':
      remove(located, operation)
  }
}

/** §4.1: it is an error if several are found. */
function locateOne(document: Element, { selector, element }: PatchOperation): Located {
  if (selector.at(-1)?.test.kind === 'namespace') {
    throw new PatchError('invalid-namespace-uri', 'there is no such declaration', element)
  }
  const found = locate(document, selector)
  const [only] = found
  if (only && found.length === 1) return only
  const count = found.length === 0 ? 'no' : 'more than one'
  throw new PatchError('unlocated-node', `the selector finds ${count} node`, element)
}

/** §4.3. */
function add(located: Located, operation: PatchOperation & { kind: 'add' }): void {
  const { placement, content, element: source } = operation
  if (placement.kind === 'before' || placement.kind === 'after') {
    addBeside(located, placement.kind, operation)
    return
  }
  if (located.kind !== 'element') {
    throw new PatchError('invalid-patch-directive', 'only elements have content', source)
  }
  const { element } = located
  if (placement.kind === 'append') insert(element, element.children.length, content)
  else if (placement.kind === 'prepend') insert(element, 0, content)
  else if (placement.kind === 'namespace') requireNamespace(operation)
  else addAttribute(element, placement, operation)
}

function addBeside(
  located: Located,
  side: 'before' | 'after',
  { content, element: source }: PatchOperation & { kind: 'add' },
): void {
  const [parent, index] = positionOf(located, source)
  if (isDocument(parent)) {
    // §5.1: another root, or text outside of it.
    const kind = content.some(isElement) ? 'root-element' : 'xml-prolog'
    throw new PatchError(`invalid-${kind}-operation`, 'the root stands alone', source)
  }
  insert(parent, side === 'before' ? index : index + 1, content)
}

function addAttribute(
  element: Element,
  { key }: Placement & { kind: 'attribute' },
  { content, element: source }: PatchOperation & { kind: 'add' },
): void {
  if (element.attr(key) !== undefined) {
    throw new PatchError('invalid-patch-directive', 'the attribute is there already', source)
  }
  element.attrs[key] = textOf(content, source)
}

function requireNamespace({ content, element }: PatchOperation & { kind: 'add' }): void {
  if (textOf(content, element).trim() !== '') return
  throw new PatchError('invalid-namespace-uri', 'no prefix stands for no namespace', element)
}

/** §4.4. */
function replace(located: Located, operation: PatchOperation & { kind: 'replace' }): void {
  const { content, element: source } = operation
  if (located.kind === 'attribute') {
    located.owner.element.attrs[located.key] = textOf(content, source)
    return
  }
  const [parent, index] = positionOf(located, source)
  if (located.kind === 'text') {
    const text = textOf(content, source)
    parent.children.splice(index, 1, ...(text === '' ? [] : [text]))
    return
  }
  const [only] = content
  if (content.length !== 1 || !isElement(only)) {
    throw new PatchError('invalid-node-types', 'one element replaces another', source)
  }
  parent.children[index] = copyOf(only)
}

/** §4.5. */
function remove(located: Located, operation: PatchOperation & { kind: 'remove' }): void {
  const { whiteSpace, element: source } = operation
  if (located.kind !== 'element' && whiteSpace) {
    throw new PatchError('invalid-patch-directive', 'ws is for elements', source)
  }
  if (located.kind === 'attribute') {
    delete located.owner.element.attrs[located.key]
    return
  }
  const [parent, index] = positionOf(located, source)
  if (isDocument(parent)) {
    throw new PatchError('invalid-root-element-operation', 'the root stays', source)
  }
  const [from, to] = whiteSpace ? widened(parent, index, operation) : [index, index]
  parent.children.splice(from, to - from + 1)
  joinTexts(parent)
}

function widened(
  { children }: Element,
  index: number,
  { whiteSpace, element }: { whiteSpace: WhiteSpace | undefined; element: Element },
): [number, number] {
  const from = whiteSpace === 'after' ? index : index - 1
  const to = whiteSpace === 'before' ? index : index + 1
  for (const at of [from, to]) {
    if (at === index) continue
    const node = children[at]
    if (typeof node === 'string' && /^[ \t\r\n]+$/.test(node)) continue
    throw new PatchError('invalid-whitespace-directive', 'there is no white space', element)
  }
  return [from, to]
}

function insert(parent: Element, index: number, content: readonly XmlNode[]): void {
  parent.children.splice(index, 0, ...content.map(copyOfNode))
  joinTexts(parent)
}

/** §4.3.5: texts that meet are one. */
function joinTexts({ children }: Element): void {
  for (let at = children.length - 1; at > 0; at--) {
    const [before, after] = [children[at - 1], children[at]]
    if (typeof before === 'string' && typeof after === 'string') {
      children.splice(at - 1, 2, before + after)
    }
  }
}

function positionOf(located: Located, source: Element): [parent: Element, index: number] {
  if (located.kind === 'text') return [located.owner.element, located.index]
  if (located.kind === 'element' && located.parent) {
    const parent = located.parent.element
    return [parent, parent.children.indexOf(located.element)]
  }
  throw new PatchError('invalid-patch-directive', 'an attribute has no place', source)
}

/** Attributes and texts are replaced by text alone, or nothing. */
function textOf(content: readonly XmlNode[], source: Element): string {
  const [only = ''] = content
  if (content.length <= 1 && typeof only === 'string') return only
  throw new PatchError('invalid-node-types', 'only text can stand here', source)
}

function isDocument({ name }: Element): boolean {
  return name === ''
}

function isElement(node: XmlNode | undefined): node is Element {
  return node instanceof Element
}

function copyOfNode(node: XmlNode): XmlNode {
  return typeof node === 'string' ? node : copyOf(node)
}

function copyOf({ name, ns, attrs, children }: Element): Element {
  const own = newAttributes()
  for (const key in attrs) own[key] = attrs[key] ?? ''
  return new Element(name, ns, own, children.map(copyOfNode))
}

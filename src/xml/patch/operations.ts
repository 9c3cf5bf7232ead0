/**
 * The patch operations of a document (RFC 5261 §4): `add`, `replace` and `remove` in whatever
 * namespace the format has that uses them.
 */
import type { ScopedDocument } from '../document.ts'
import type { Element, XmlNode } from '../element.ts'
import { resolvePrefix, type Scope } from '../namespaces.ts'
import { parseAttributeName, parsePath } from '../path/parse-path.ts'
import { type Namespaces, type Path, PathError } from '../path/path.ts'
import { isNcName } from '../syntax.ts'
import { type PatchCondition, PatchError } from './patch-error.ts'

/** Of an `add` (§4.3): where it goes, or that it is an attribute or a declaration. */
export type Placement =
  | { readonly kind: 'append' }
  | { readonly kind: 'prepend' }
  | { readonly kind: 'before' }
  | { readonly kind: 'after' }
  | { readonly kind: 'attribute'; readonly key: string }
  | { readonly kind: 'namespace' }

export type WhiteSpace = 'before' | 'after' | 'both'

interface Common {
  readonly selector: Path
  /** As written, for whoever is told that it failed. */
  readonly element: Element
}

export type PatchOperation =
  | (Common & { kind: 'add'; placement: Placement; content: readonly XmlNode[] })
  | (Common & { kind: 'replace'; content: readonly XmlNode[] })
  | (Common & { kind: 'remove'; whiteSpace: WhiteSpace | undefined })

export const MAX_OPERATIONS = 200

/** All children of the root, which are operations of its namespace. Throws `PatchError`. */
export function parseOperations({ root, scopes }: ScopedDocument): PatchOperation[] {
  const elements = [...root.elements()]
  if (elements.length > MAX_OPERATIONS) {
    throw new PatchError('invalid-diff-format', 'there are too many operations')
  }
  return elements.map((element) => parseOperation(element, root.ns, scopes.get(element)))
}

function parseOperation(element: Element, ns: string, scope: Scope | undefined): PatchOperation {
  const { name, children: content } = element
  const namespaces = namespacesIn(scope)
  const common = () => ({ element, selector: readSelector(element, namespaces) })
  if (element.ns === ns && name === 'add') {
    return { kind: name, ...common(), placement: readPlacement(element, namespaces), content }
  }
  if (element.ns === ns && name === 'replace') return { kind: name, ...common(), content }
  if (element.ns === ns && name === 'remove') {
    return { kind: name, ...common(), whiteSpace: readWhiteSpace(element) }
  }
  throw new PatchError('invalid-patch-directive', `${name} is no patch operation`, element)
}

/** §4.2.1: names without a prefix have the default namespace of the patch. */
function namespacesIn(scope: Scope | undefined): Namespaces {
  return (prefix) => {
    if (!scope || prefix === '') return scope?.ns ?? ''
    try {
      return resolvePrefix(scope, prefix)
    } catch {
      return undefined
    }
  }
}

function readSelector(element: Element, namespaces: Namespaces): Path {
  const text = element.attr('sel')
  if (text === undefined) {
    throw new PatchError('invalid-attribute-value', 'there is no selector', element)
  }
  const path = reading(element, () => parsePath(text, namespaces))
  // §4.1: a selector names one node, step by step.
  if (!path.some(({ deep }) => deep)) return path
  throw new PatchError('invalid-attribute-value', 'a selector cannot have //', element)
}

function readPlacement(element: Element, namespaces: Namespaces): Placement {
  const { pos, type } = element.attrs
  if (type !== undefined) {
    if (pos !== undefined) {
      throw new PatchError('invalid-patch-directive', 'pos and type exclude each other', element)
    }
    if (type.startsWith('namespace::') && isNcName(type.slice(11))) return { kind: 'namespace' }
    return { kind: 'attribute', key: reading(element, () => parseAttributeName(type, namespaces)) }
  }
  if (pos === undefined) return { kind: 'append' }
  if (pos === 'prepend' || pos === 'before' || pos === 'after') return { kind: pos }
  throw new PatchError('invalid-attribute-value', `pos cannot be ${pos}`, element)
}

function readWhiteSpace(element: Element): WhiteSpace | undefined {
  const ws = element.attr('ws')
  if (ws === undefined || ws === 'before' || ws === 'after' || ws === 'both') return ws
  throw new PatchError('invalid-attribute-value', `ws cannot be ${ws}`, element)
}

const CONDITIONS: Readonly<Record<PathError['kind'], PatchCondition>> = {
  syntax: 'invalid-attribute-value',
  prefix: 'invalid-namespace-prefix',
  'id-function': 'unsupported-id-function',
}

function reading<T>(element: Element, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    throw new PatchError(CONDITIONS[error.kind], error.message, element)
  }
}

/**
 * Location paths: what of XPath 1.0 selectors (RFC 5261 §4.1) and filters (RFC 4661 §5) use.
 *
 *   [/] step *(/ step), //step          *, name, p:name, text(), @name, namespace::p
 *   predicates after any step           [2], [@id='x'], [p:name="x"], [.='x'],
 *                                       [status/basic="open" and @n<500 or ..="y"]
 */

/** By prefix, `''` for names without one; `undefined` where it is not bound. */
export type Namespaces = (prefix: string) => string | undefined

export interface Name {
  /** `undefined`: any, whatever its namespace. */
  readonly local: string | undefined
  readonly ns: string
}

export type NodeTest =
  | { readonly kind: 'element'; readonly name: Name }
  /** `key` is the attribute’s name in an `Element`. */
  | { readonly kind: 'attribute'; readonly key: string }
  | { readonly kind: 'text' }
  /** Documents are kept without comments, processing instructions and prefixes: these find nothing. */
  | { readonly kind: 'comment' | 'processing-instruction' | 'namespace' }

export interface Operand {
  /** `..`: the element that it stands in. */
  readonly up: boolean
  /** From there down; none for the element itself. */
  readonly steps: readonly Name[]
  readonly attribute: string | undefined
}

export interface Comparison {
  readonly operand: Operand
  readonly operator: '=' | '<' | '>'
  readonly value: string
}

export type Predicate =
  | { readonly kind: 'position'; readonly position: number }
  /** One of these, each of which is all of its comparisons. */
  | { readonly kind: 'any'; readonly of: readonly (readonly Comparison[])[] }

export interface Step {
  /** `//`: at any depth. */
  readonly deep: boolean
  readonly test: NodeTest
  readonly predicates: readonly Predicate[]
}

export type Path = readonly Step[]

/**
 * - `syntax`: not a path, or one beyond what is taken here;
 * - `prefix`: a prefix that nothing binds;
 * - `id-function`: `id()`, which needs a schema.
 */
export class PathError extends Error {
  readonly kind: 'syntax' | 'prefix' | 'id-function'

  constructor(kind: PathError['kind'], message: string) {
    super(message)
    this.name = 'PathError'
    this.kind = kind
  }
}

export const MAX_PATH_LENGTH = 1_024
/** Of one path, in all of its predicates: each is looked at for every element that it may be about. */
export const MAX_COMPARISONS = 12

/** The key of an attribute in an `Element`: names without a prefix have no namespace (XPath §2.3). */
export function attributeKey(ns: string, local: string): string {
  return ns === '' ? local : `{${ns}}${local}`
}

/**
 * Node selectors (RFC 4825 §6.3): the steps from the root of a document to one element, and perhaps to
 * an attribute or the namespaces of it. What is no step that we know is an extension, which finds nothing.
 */
import { NS_XML } from '../xml/element.ts'
import { attributeOf, type SourceAttribute, type SourceElement } from '../xml/source-tree.ts'
import { expandReferences, isNcName, XmlSyntaxError } from '../xml/syntax.ts'

/** An expanded name. */
export interface Name {
  readonly name: string
  readonly ns: string
}

export interface Step {
  /** `undefined`: any (`*`). */
  readonly name: Name | undefined
  readonly position: number | undefined
  readonly attribute: (Name & { readonly value: string }) | undefined
  /** As it was written, decoded. */
  readonly text: string
}

export type Terminal = ({ readonly kind: 'attribute' } & Name) | { readonly kind: 'namespaces' }

export interface NodeSelector {
  readonly steps: readonly [Step, ...Step[]]
  readonly terminal: Terminal | undefined
}

export type Selected =
  | { readonly kind: 'element'; readonly element: SourceElement }
  | {
      readonly kind: 'attribute'
      readonly element: SourceElement
      readonly attribute: SourceAttribute
    }
  | { readonly kind: 'namespaces'; readonly element: SourceElement }
  | { readonly kind: 'no-match' }

/** What prefixes mean in a selector: those of the query, and the default of the application usage. */
export interface SelectorContext {
  readonly prefixes: ReadonlyMap<string, string>
  readonly defaultNs: string
}

export class UnboundPrefix extends Error {}

/** Steps of one selector: no document that we take is as deep. */
const MAX_STEPS = 64
const QNAME = /^(?:([^:*[\]@]+):)?([^:*[\]@]+)$/
const PREDICATE_START = /[[\]"']/

/**
 * `text` is decoded. `undefined` for an extension that we do not know (§8: 404).
 * Throws `UnboundPrefix`.
 */
export function parseNodeSelector(
  text: string,
  context: SelectorContext,
): NodeSelector | undefined {
  const parts = splitSteps(text)
  if (!parts || parts.length > MAX_STEPS) return undefined
  const last = parts.at(-1) ?? ''
  const terminal = parseTerminal(last, context)
  const [first, ...rest] = terminal ? parts.slice(0, -1) : parts
  if (first === undefined) return undefined
  const steps: [Step | undefined, ...(Step | undefined)[]] = [
    parseStep(first, context),
    ...rest.map((part) => parseStep(part, context)),
  ]
  return areKnown(steps) ? { steps, terminal } : undefined
}

function areKnown(
  steps: readonly [Step | undefined, ...(Step | undefined)[]],
): steps is [Step, ...Step[]] {
  return steps.every((step) => step !== undefined)
}

/** At slashes that stand in no quotes. `undefined` where a quote does not end. */
function splitSteps(text: string): string[] | undefined {
  const parts: string[] = []
  let from = 0
  let quote = ''
  let isInPredicate = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (quote !== '') quote = char === quote ? '' : quote
    else if (isInPredicate && (char === '"' || char === "'")) quote = char
    else if (char === '[') isInPredicate = true
    else if (char === ']') isInPredicate = false
    else if (char === '/') {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  return quote === '' ? [...parts, text.slice(from)] : undefined
}

function parseTerminal(text: string, context: SelectorContext): Terminal | undefined {
  if (text === 'namespace::*') return { kind: 'namespaces' }
  if (!text.startsWith('@')) return undefined
  const name = parseAttributeName(text.slice(1), context)
  return name && { kind: 'attribute', ...name }
}

function parseStep(text: string, context: SelectorContext): Step | undefined {
  const at = text.search(PREDICATE_START)
  const named = at < 0 ? text : text.slice(0, at)
  const predicates = parsePredicates(at < 0 ? '' : text.slice(at), context)
  if (!predicates) return undefined
  if (named === '*') return { name: undefined, ...predicates, text }
  const name = parseName(named, context, context.defaultNs)
  return name && { name, ...predicates, text }
}

const POSITION = /^\[(\d{1,9})\]/
const ATTRIBUTE = /^\[@([^=[\]]+)=(?:"([^"]*)"|'([^']*)')\]$/

function parsePredicates(
  text: string,
  context: SelectorContext,
): Pick<Step, 'position' | 'attribute'> | undefined {
  const [first = '', digits] = POSITION.exec(text) ?? []
  const position = digits === undefined ? undefined : Number(digits)
  const rest = text.slice(first.length)
  if (rest === '') return { position, attribute: undefined }
  const [, attName, double, single] = ATTRIBUTE.exec(rest) ?? []
  const name = attName === undefined ? undefined : parseAttributeName(attName, context)
  const value = parseValue(double ?? single ?? '')
  return name && value !== undefined ? { position, attribute: { ...name, value } } : undefined
}

/** AttValue of XML 1.0. */
function parseValue(text: string): string | undefined {
  if (text.includes('<')) return undefined
  try {
    return expandReferences(text)
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    return undefined
  }
}

/** An attribute without a prefix is in no namespace. */
function parseAttributeName(text: string, context: SelectorContext): Name | undefined {
  return parseName(text, context, '')
}

function parseName(
  text: string,
  { prefixes }: SelectorContext,
  defaultNs: string,
): Name | undefined {
  const [, prefix, name = ''] = QNAME.exec(text) ?? []
  if (!isNcName(name) || (prefix !== undefined && !isNcName(prefix))) return undefined
  if (prefix === undefined) return { name, ns: defaultNs }
  const ns = prefix === 'xml' ? NS_XML : prefixes.get(prefix)
  if (ns === undefined) throw new UnboundPrefix(`the prefix ${prefix} is not bound`)
  return { name, ns }
}

/** All children of a context that fit one step. */
export function matching(
  candidates: readonly SourceElement[],
  { name, position, attribute }: Step,
): readonly SourceElement[] {
  const named = name ? candidates.filter((element) => isNamed(element, name)) : candidates
  const placed = position === undefined ? named : named.slice(position - 1, position)
  const positioned = position === 0 ? [] : placed
  if (!attribute) return positioned
  return positioned.filter(
    (element) => attributeOf(element, attribute.name, attribute.ns)?.value === attribute.value,
  )
}

export function isNamed(element: SourceElement, { name, ns }: Name): boolean {
  return element.name === name && element.ns === ns
}

/** The one element that the steps lead to. */
export function selectElement(
  root: SourceElement,
  steps: readonly Step[],
): SourceElement | undefined {
  let candidates: readonly SourceElement[] = [root]
  let context: SourceElement | undefined
  for (const step of steps) {
    const [found, more] = matching(candidates, step)
    if (!found || more) return undefined
    context = found
    candidates = found.children
  }
  return context
}

export function select(root: SourceElement, { steps, terminal }: NodeSelector): Selected {
  const element = selectElement(root, steps)
  if (!element) return { kind: 'no-match' }
  if (!terminal) return { kind: 'element', element }
  if (terminal.kind === 'namespaces') return { kind: 'namespaces', element }
  const attribute = attributeOf(element, terminal.name, terminal.ns)
  return attribute ? { kind: 'attribute', element, attribute } : { kind: 'no-match' }
}

/** One start tag, from its text to an element (XML 1.0 §3.1, §3.3.3). */
import { type Attributes, Element, newAttributes } from './element.ts'
import { declare, parseQName, resolvePrefix, type Scope } from './namespaces.ts'
import { expandReferences, hasIllegalCharacter, type XmlLimits, XmlSyntaxError } from './syntax.ts'

const SLASH = 0x2f
const EQUALS = 0x3d
const COLON = 0x3a
const GREATER = 0x3e
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27

export const MAX_NAME_LENGTH = 256

/** What a start tag says; `end` is the index after its `>`. */
export interface StartTag {
  /** As written, to compare the end tag with. */
  readonly rawName: string
  readonly element: Element
  readonly scope: Scope
  readonly empty: boolean
  readonly end: number
}

interface RawAttributes {
  readonly names: string[]
  readonly values: string[]
}

/**
 * Reads the start tag at `at`; `undefined` where the text ends within it.
 * Throws `XmlSyntaxError`.
 */
export function readStartTag(
  text: string,
  at: number,
  outer: Scope,
  limits: XmlLimits,
): StartTag | undefined {
  const nameEnd = endOfName(text, at + 1)
  if (nameEnd === text.length) return undefined
  const rawName = text.slice(at + 1, nameEnd)
  const attributes: RawAttributes = { names: [], values: [] }
  const end = readAttributes(text, nameEnd, attributes, limits)
  if (end < 0) return undefined

  const maxName = limits.maxNameLength ?? MAX_NAME_LENGTH
  const scope = scopeOf(attributes, outer, maxName)
  const { prefix, local } = parseQName(rawName, maxName)
  const ns = prefix === '' ? scope.ns : resolvePrefix(scope, prefix)
  const element = new Element(local, ns, expandAttributes(attributes, scope, maxName), [])
  return { rawName, element, scope, empty: text.charCodeAt(end - 2) === SLASH, end }
}

/** Up to white space, `/`, `>` or `=`; the length of the text where none comes. */
export function endOfName(text: string, from: number): number {
  const { length } = text
  let at = from
  while (at < length) {
    const code = text.charCodeAt(at)
    if (code <= 0x20 || code === SLASH || code === GREATER || code === EQUALS) return at
    at += 1
  }
  return at
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1
  return at
}

/** The index after the tag’s `>`, or −1 where the text ends before it. */
function readAttributes(
  text: string,
  from: number,
  into: RawAttributes,
  { maxAttributes }: XmlLimits,
): number {
  let at = from
  for (;;) {
    const next = skipSpace(text, at)
    if (next === text.length) return -1
    const code = text.charCodeAt(next)
    if (code === GREATER) return next + 1
    if (code === SLASH) {
      if (next + 1 === text.length) return -1
      if (text.charCodeAt(next + 1) !== GREATER) throw malformed('a slash stands within a tag')
      return next + 2
    }
    if (next === at) throw malformed('attributes are not apart')
    if (into.names.length === maxAttributes) {
      throw new XmlSyntaxError('policy-violation', 'an element has too many attributes')
    }
    at = readAttribute(text, next, into)
    if (at < 0) return -1
  }
}

function readAttribute(text: string, from: number, { names, values }: RawAttributes): number {
  const nameEnd = endOfName(text, from)
  const equals = skipSpace(text, nameEnd)
  if (equals === text.length) return -1
  if (text.charCodeAt(equals) !== EQUALS) throw malformed('an attribute has no value')
  const open = skipSpace(text, equals + 1)
  if (open === text.length) return -1
  const quote = text.charCodeAt(open)
  if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) {
    throw malformed('an attribute value has no quotes')
  }
  const close = text.indexOf(quote === DOUBLE_QUOTE ? '"' : "'", open + 1)
  if (close < 0) return -1
  names.push(text.slice(from, nameEnd))
  values.push(attributeValue(text.slice(open + 1, close)))
  return close + 1
}

const VALUE_SPECIAL = /[\u0000-\u001f<&\ufffe\uffff]/

function attributeValue(raw: string): string {
  if (!VALUE_SPECIAL.test(raw)) return raw
  if (raw.includes('<') || hasIllegalCharacter(raw))
    throw malformed('an attribute value is not legal')
  return expandReferences(raw.replace(/\r\n|[\t\n\r]/g, ' '))
}

/** Most elements declare nothing and share their parent’s scope. */
function scopeOf({ names, values }: RawAttributes, outer: Scope, maxName: number): Scope {
  let declarations: [string, string][] | undefined
  for (let at = 0; at < names.length; at++) {
    const name = names[at] ?? ''
    if (!isDeclaration(name)) continue
    const prefix = name.length === 5 ? '' : parseQName(name, maxName).local
    declarations ??= []
    declarations.push([prefix, values[at] ?? ''])
  }
  return declarations ? declare(outer, declarations) : outer
}

function isDeclaration(name: string): boolean {
  // The first letter decides for nearly every attribute.
  if (name.charCodeAt(0) !== 0x78 || !name.startsWith('xmlns')) return false
  return name.length === 5 || name.charCodeAt(5) === COLON
}

function expandAttributes(
  { names, values }: RawAttributes,
  scope: Scope,
  maxName: number,
): Attributes {
  const attrs = newAttributes()
  for (let at = 0; at < names.length; at++) {
    const raw = names[at] ?? ''
    if (at > 0 && names.indexOf(raw) !== at) throw malformed('an attribute is there twice')
    if (isDeclaration(raw)) continue
    const { prefix, local } = parseQName(raw, maxName)
    if (prefix === '') {
      attrs[local] = values[at] ?? ''
      continue
    }
    const name = prefix === 'xml' ? raw : `{${resolvePrefix(scope, prefix)}}${local}`
    if (name in attrs) throw malformed('an attribute is there twice')
    attrs[name] = values[at] ?? ''
  }
  return attrs
}

function malformed(message: string): XmlSyntaxError {
  return new XmlSyntaxError('not-well-formed', message)
}

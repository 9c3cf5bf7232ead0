/** One start tag, from its text to an element (XML 1.0 §3.1, §3.3.3; Namespaces in XML 1.0). */
import { type Attributes, Element, newAttributes } from './element.ts'
import { type QName, readName } from './names.ts'
import { type Declaration, declare, ROOT_SCOPE, resolvePrefix, type Scope } from './namespaces.ts'
import { expandReferences, hasIllegalCharacter, type XmlLimits, XmlSyntaxError } from './syntax.ts'
import { MAY_HAVE } from './utf8.ts'

const SLASH = 0x2f
const EQUALS = 0x3d
const GREATER = 0x3e
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27

export const MAX_NAME_LENGTH = 256

/** An element that is open, and what its tag says besides; `end` is the index after its `>`. */
export interface StartTag {
  /** That it stands in; a list of tags that needs no array while nothing but the root is open. */
  readonly outer: StartTag | undefined
  /** 1 is the root. */
  readonly depth: number
  /** As written, to compare the end tag with. */
  readonly rawName: string
  readonly element: Element
  /** Of its children. */
  readonly scope: Scope
  readonly empty: boolean
  readonly end: number
}

/** Text, and the bits of `MAY_HAVE` that say what to look for in it. */
export interface Source {
  readonly text: string
  readonly kinds: number
}

/**
 * Attributes as they are read: those without a prefix are done at once, the others wait until the
 * tag has declared its namespaces.
 */
interface Reading {
  readonly source: Source
  readonly attrs: Attributes
  count: number
  declarations: Declaration[] | undefined
  prefixed: (readonly [QName, string])[] | undefined
}

/**
 * Reads the start tag at `at`; `undefined` where the text ends within it.
 * Throws `XmlSyntaxError`.
 */
export function readStartTag(
  source: Source,
  at: number,
  outer: StartTag | undefined,
  limits: XmlLimits,
): StartTag | undefined {
  const { text } = source
  const name = readName(text, at + 1, limits.maxNameLength ?? MAX_NAME_LENGTH)
  if (!name) return undefined
  const reading: Reading = {
    source,
    attrs: newAttributes(),
    count: 0,
    declarations: undefined,
    prefixed: undefined,
  }
  const end = readAttributes(reading, at + 1 + name.raw.length, limits)
  if (end < 0) return undefined
  const next = text.indexOf('<', at + 1)
  if (next >= 0 && next < end) throw malformed('a tag begins within a tag')

  const outside = outer?.scope ?? ROOT_SCOPE
  const scope = reading.declarations ? declare(outside, reading.declarations) : outside
  if (reading.prefixed) addPrefixed(reading.attrs, reading.prefixed, scope)
  const ns = name.prefix === '' ? scope.ns : resolvePrefix(scope, name.prefix)
  return {
    outer,
    depth: (outer?.depth ?? 0) + 1,
    rawName: name.raw,
    element: new Element(name.local, ns, reading.attrs, []),
    scope,
    empty: text.charCodeAt(end - 2) === SLASH,
    end,
  }
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (isSpace(text.charCodeAt(at))) at += 1
  return at
}

/** The index after the tag’s `>`, or −1 where the text ends before it. */
function readAttributes(reading: Reading, from: number, limits: XmlLimits): number {
  const { text } = reading.source
  let at = from
  for (;;) {
    const next = skipSpace(text, at)
    if (next >= text.length) return -1
    const code = text.charCodeAt(next)
    if (code === GREATER) return next + 1
    if (code === SLASH) {
      if (next + 1 === text.length) return -1
      if (text.charCodeAt(next + 1) !== GREATER) throw malformed('a slash stands within a tag')
      return next + 2
    }
    if (next === at) throw malformed('attributes are not apart')
    if (reading.count === limits.maxAttributes) {
      throw new XmlSyntaxError('policy-violation', 'an element has too many attributes')
    }
    reading.count += 1
    at = readAttribute(reading, next, limits)
    if (at < 0) return -1
  }
}

function readAttribute(reading: Reading, from: number, limits: XmlLimits): number {
  const { text, kinds } = reading.source
  const name = readName(text, from, limits.maxNameLength ?? MAX_NAME_LENGTH)
  if (!name) return -1
  const equals = skipSpace(text, from + name.raw.length)
  if (equals >= text.length) return -1
  if (text.charCodeAt(equals) !== EQUALS) throw malformed('an attribute has no value')
  const open = skipSpace(text, equals + 1)
  if (open >= text.length) return -1
  const quote = text.charCodeAt(open)
  if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) {
    throw malformed('an attribute value has no quotes')
  }
  const close = text.indexOf(quote === DOUBLE_QUOTE ? '"' : "'", open + 1)
  if (close < 0) return -1
  const raw = text.slice(open + 1, close)
  addAttribute(reading, name, kinds === 0 ? raw : attributeValue(raw, kinds))
  return close + 1
}

function addAttribute(reading: Reading, name: QName, value: string): void {
  const { attrs } = reading
  if (name.declares !== undefined) {
    reading.declarations ??= []
    reading.declarations.push([name.declares, value])
  } else if (name.prefix !== '') {
    reading.prefixed ??= []
    reading.prefixed.push([name, value])
  } else if (attrs[name.local] !== undefined) {
    throw malformed('an attribute is there twice')
  } else {
    attrs[name.local] = value
  }
}

/** XML 1.0 §3.3.3, and §2.11 before it: a line end is one space, however it is written. */
function attributeValue(raw: string, kinds: number): string {
  let value = raw
  if (kinds & (MAY_HAVE.controls | MAY_HAVE.noncharacters)) {
    if (hasIllegalCharacter(raw)) throw malformed('a character is not legal')
    value = raw.replace(/\r\n|[\t\n\r]/g, ' ')
  }
  return value.includes('&') ? expandReferences(value) : value
}

function addPrefixed(
  attrs: Attributes,
  prefixed: readonly (readonly [QName, string])[],
  scope: Scope,
): void {
  for (const [{ raw, prefix, local }, value] of prefixed) {
    const name = prefix === 'xml' ? raw : `{${resolvePrefix(scope, prefix)}}${local}`
    // Namespaces §6.3: also where two prefixes stand for the same namespace.
    if (attrs[name] !== undefined) throw malformed('an attribute is there twice')
    attrs[name] = value
  }
}

function malformed(message: string): XmlSyntaxError {
  return new XmlSyntaxError('not-well-formed', message)
}

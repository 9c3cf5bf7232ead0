/**
 * A document as it is written: where each element and attribute stands in the text, so that one can be
 * read, replaced or removed and all the rest stays as it is, to the last space. For documents that
 * `parseDocument` has taken: what is wrong in a text is not looked for again.
 */
import { NS_XML } from './element.ts'
import { expandReferences, XmlSyntaxError } from './syntax.ts'

/** Prefixes in scope; `''` stands for the default namespace. */
export interface Bindings extends Iterable<readonly [prefix: string, uri: string]> {
  get(prefix: string): string | undefined
}

/** What an element declares over what is declared outside: a copy for each could be larger than the document by far. */
class InnerBindings implements Bindings {
  readonly #outer: Bindings
  readonly #own: ReadonlyMap<string, string>

  constructor(outer: Bindings, own: ReadonlyMap<string, string>) {
    this.#outer = outer
    this.#own = own
  }

  get(prefix: string): string | undefined {
    return this.#own.get(prefix) ?? this.#outer.get(prefix)
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return new Map([...this.#outer, ...this.#own]).entries()
  }
}

export interface SourceAttribute {
  /** As written, with its prefix. */
  readonly qname: string
  readonly name: string
  /** Empty for none. */
  readonly ns: string
  readonly value: string
  /** Of the attribute, with the white space before it. */
  readonly start: number
  readonly end: number
  /** Of its value, without the quotes. */
  readonly valueStart: number
}

export interface SourceElement {
  readonly qname: string
  readonly name: string
  readonly ns: string
  readonly parent: SourceElement | undefined
  /** Without declarations of namespaces. */
  readonly attributes: readonly SourceAttribute[]
  readonly children: readonly SourceElement[]
  readonly bindings: Bindings
  readonly start: number
  readonly end: number
  /** Where its content begins: after the `>` of the start tag. */
  readonly openEnd: number
  /** Where its content ends; equal to `openEnd` in an empty element. */
  readonly closeStart: number
  /** Written `<a/>`. */
  readonly isSelfClosing: boolean
}

type Open = { -readonly [K in keyof SourceElement]: SourceElement[K] } & {
  children: SourceElement[]
}

const NO_BINDINGS: Bindings = new Map([['xml', NS_XML]])
const NAME = /[^\s=/>]+/y
const ATTRIBUTE = /\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')/y

/** `text` has been taken by `parseDocument`. */
export function readSource(text: string): SourceElement {
  const open: Open[] = []
  for (let at = text.indexOf('<'); at >= 0; ) {
    const end = endOfAside(text, at)
    if (end !== undefined) {
      at = text.indexOf('<', end)
      continue
    }
    const isEndTag = text[at + 1] === '/'
    const element = isEndTag ? close(text, open.pop(), at) : readStartTag(text, at, open.at(-1))
    if (!isEndTag) open.at(-1)?.children.push(element)
    if (!isEndTag && !element.isSelfClosing) open.push(element)
    if (open.length === 0) return element
    at = text.indexOf('<', element.isSelfClosing || isEndTag ? element.end : element.openEnd)
  }
  throw unreadable()
}

/** All in document order, the element itself first. */
export function* descendants(element: SourceElement): IterableIterator<SourceElement> {
  yield element
  for (const child of element.children) yield* descendants(child)
}

/** The text with `[start, end)` replaced. */
export function splice(text: string, start: number, end: number, put: string): string {
  return text.slice(0, start) + put + text.slice(end)
}

/** The text with `put` as the last content of the element. */
export function appendTo(text: string, element: SourceElement, put: string): string {
  if (!element.isSelfClosing) return splice(text, element.closeStart, element.closeStart, put)
  const slash = text.lastIndexOf('/', element.end - 1)
  return splice(text, slash, element.end, `>${put}</${element.qname}>`)
}

/** An attribute by its expanded name. */
export function attributeOf(
  { attributes }: SourceElement,
  name: string,
  ns = '',
): SourceAttribute | undefined {
  return attributes.find((attribute) => attribute.name === name && attribute.ns === ns)
}

/** Its character data, without that of its children. */
export function textOf(text: string, element: SourceElement): string {
  let out = ''
  let at = element.openEnd
  for (const child of element.children) {
    out += characterData(text.slice(at, child.start))
    at = child.end
  }
  return out + characterData(text.slice(at, element.closeStart))
}

function characterData(text: string): string {
  const parts = text.split(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|(<!\[CDATA\[[\s\S]*?\]\]>)/)
  return parts
    .map((part = '') => (part.startsWith('<![CDATA[') ? part.slice(9, -3) : expandReferences(part)))
    .join('')
}

/** Where a comment, an instruction or a CDATA section ends that begins here. */
function endOfAside(text: string, at: number): number | undefined {
  if (text.startsWith('<!--', at)) return endAfter(text, '-->', at + 4)
  if (text.startsWith('<?', at)) return endAfter(text, '?>', at + 2)
  if (text.startsWith('<![CDATA[', at)) return endAfter(text, ']]>', at + 9)
  return undefined
}

function endAfter(text: string, terminator: string, from: number): number {
  const at = text.indexOf(terminator, from)
  if (at < 0) throw unreadable()
  return at + terminator.length
}

function close(text: string, open: Open | undefined, at: number): Open {
  if (!open) throw unreadable()
  open.closeStart = at
  open.end = endAfter(text, '>', at)
  return open
}

interface RawAttribute {
  readonly qname: string
  readonly raw: string
  readonly start: number
  readonly end: number
}

function readStartTag(text: string, start: number, parent: Open | undefined): Open {
  const qname = match(NAME, text, start + 1)?.[0]
  if (qname === undefined) throw unreadable()
  const { attributes, end } = readAttributes(text, start + 1 + qname.length)
  const bindings = bind(parent?.bindings ?? NO_BINDINGS, attributes)
  const [prefix, name] = split(qname)
  const openEnd = endAfter(text, '>', end)
  return {
    ...{ qname, name, parent, bindings, start, openEnd },
    ns: bindings.get(prefix) ?? '',
    attributes: attributes
      .filter((attribute) => declared(attribute.qname) === undefined)
      .map((attribute) => resolved(attribute, bindings)),
    children: [],
    closeStart: openEnd,
    end: openEnd,
    isSelfClosing: text[openEnd - 2] === '/',
  }
}

function readAttributes(text: string, from: number): { attributes: RawAttribute[]; end: number } {
  const attributes: RawAttribute[] = []
  let at = from
  for (let found = match(ATTRIBUTE, text, at); found; found = match(ATTRIBUTE, text, at)) {
    const [whole, qname = '', quoted = ''] = found
    attributes.push({ qname, raw: quoted.slice(1, -1), start: at, end: at + whole.length })
    at += whole.length
  }
  return { attributes, end: at }
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

function bind(outer: Bindings, attributes: readonly RawAttribute[]): Bindings {
  const own = attributes.flatMap(({ qname, raw }): [string, string][] => {
    const prefix = declared(qname)
    return prefix === undefined ? [] : [[prefix, normalized(raw)]]
  })
  return own.length === 0 ? outer : new InnerBindings(outer, new Map(own))
}

/** The prefix that an attribute declares. */
function declared(qname: string): string | undefined {
  if (qname === 'xmlns') return ''
  return qname.startsWith('xmlns:') ? qname.slice(6) : undefined
}

function resolved({ qname, raw, start, end }: RawAttribute, bindings: Bindings): SourceAttribute {
  const [prefix, name] = split(qname)
  const ns = prefix === '' ? '' : (bindings.get(prefix) ?? '')
  return { qname, name, ns, value: normalized(raw), start, end, valueStart: end - 1 - raw.length }
}

/** XML 1.0 §3.3.3: white space that is not written as a reference is a space. */
function normalized(raw: string): string {
  return expandReferences(raw.replace(/\r\n|[\t\n\r]/g, ' '))
}

function split(qname: string): [prefix: string, local: string] {
  const colon = qname.indexOf(':')
  return colon < 0 ? ['', qname] : [qname.slice(0, colon), qname.slice(colon + 1)]
}

function unreadable(): XmlSyntaxError {
  return new XmlSyntaxError('not-well-formed', 'the text is no document')
}

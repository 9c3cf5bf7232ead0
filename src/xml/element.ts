/**
 * XML elements, as small as stanzas need them: a local name, a namespace, attributes, children.
 * Prefixes are gone: what came in with one goes out with `xmlns` where the namespace changes
 * (Namespaces in XML 1.0 §6.2).
 */

export type Attributes = Record<string, string>
export type XmlNode = Element | string

export const NS_XML = 'http://www.w3.org/XML/1998/namespace'

/** A record without Object's prototype, so that no attribute name finds anything that was not written. */
const AttributeRecord = function AttributeRecord() {
  // Empty on purpose: V8 keeps objects made by one constructor in fast mode, unlike Object.create(null).
} as unknown as new () => Attributes
AttributeRecord.prototype = Object.create(null)

export function newAttributes(): Attributes {
  return new AttributeRecord()
}

export class Element {
  /** Local name. */
  readonly name: string
  /** Namespace URI; empty for none. */
  readonly ns: string
  /** By name: `to`, `xml:lang`, and `{namespace}local` for other attributes that had a prefix. */
  readonly attrs: Attributes
  readonly children: XmlNode[]

  constructor(name: string, ns: string, attrs: Attributes, children: XmlNode[]) {
    this.name = name
    this.ns = ns
    this.attrs = attrs
    this.children = children
  }

  attr(name: string): string | undefined {
    return this.attrs[name]
  }

  is(name: string, ns: string): boolean {
    return this.name === name && this.ns === ns
  }

  /** The first child element of this name (any, where `undefined`) and namespace (this element’s, where not given). */
  child(name?: string, ns: string = this.ns): Element | undefined {
    for (const child of this.children) {
      if (typeof child === 'string' || child.ns !== ns) continue
      if (name === undefined || child.name === name) return child
    }
    return undefined
  }

  *elements(): IterableIterator<Element> {
    for (const child of this.children) if (typeof child !== 'string') yield child
  }

  /** This element’s own character data, without that of its children. */
  text(): string {
    const [only] = this.children
    if (this.children.length === 1 && typeof only === 'string') return only
    let text = ''
    for (const child of this.children) if (typeof child === 'string') text += child
    return text
  }

  /** The same element with some attributes changed, or removed where `undefined`; children are shared. */
  withAttrs(changes: Record<string, string | undefined>): Element {
    const attrs = newAttributes()
    for (const name in this.attrs) attrs[name] = this.attrs[name] ?? ''
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) delete attrs[name]
      else attrs[name] = value
    }
    return new Element(this.name, this.ns, attrs, this.children)
  }

  /** Serialised; `xmlns` is written where the namespace is not `parentNs`. */
  toString(parentNs = ''): string {
    return serialize(this, parentNs)
  }
}

/** What `xml()` takes as children; `undefined` stands for nothing. */
export type Child = XmlNode | undefined

/**
 * Builds an element. Children built without `xmlns` take the namespace of the element that they
 * are put into, as they would when written.
 */
export function xml(
  name: string,
  attrs: Record<string, string | undefined> = {},
  ...children: Child[]
): Element {
  const { xmlns: ns = '', ...rest } = attrs
  const own = newAttributes()
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) own[key] = value
  const nodes = children.filter((child): child is XmlNode => child !== undefined && child !== '')
  return new Element(name, ns, own, ns === '' ? nodes : nodes.map((node) => adopt(node, ns)))
}

function adopt(node: XmlNode, ns: string): XmlNode {
  if (typeof node === 'string' || node.ns !== '') return node
  return new Element(
    node.name,
    ns,
    node.attrs,
    node.children.map((child) => adopt(child, ns)),
  )
}

function serialize({ name, ns, attrs, children }: Element, parentNs: string): string {
  // Namespaces §3: the namespace of xml is never declared, and its prefix always stands.
  const isXml = ns === NS_XML
  const tag = isXml ? `xml:${name}` : name
  const inner = isXml ? parentNs : ns
  let out = `<${tag}`
  if (inner !== parentNs) out += ` xmlns='${escapeAttr(inner)}'`
  let prefixes = 0
  for (const key in attrs) {
    const value = escapeAttr(attrs[key] ?? '')
    if (key.charCodeAt(0) === 0x7b) {
      // A namespace may have braces in it, a local name may not.
      const end = key.lastIndexOf('}')
      prefixes += 1
      out += ` xmlns:a${prefixes}='${escapeAttr(key.slice(1, end))}' a${prefixes}:${key.slice(end + 1)}='${value}'`
    } else {
      out += ` ${key}='${value}'`
    }
  }
  if (children.length === 0) return `${out}/>`
  out += '>'
  for (const child of children) {
    out += typeof child === 'string' ? escapeText(child) : serialize(child, inner)
  }
  return `${out}</${tag}>`
}

/** One test decides for nearly every string that there is nothing to do. */
const TEXT_SPECIAL = /[^\t\n\x20-\x25\x27-\x3b\x3d\x3f-\ud7ff\ue000-\ufffd]/
const ATTR_SPECIAL = /[^\x20\x21\x23-\x25\x28-\x3b\x3d\x3f-\ud7ff\ue000-\ufffd]/
/** Not XML characters (XML 1.0 §2.2): no escape makes them legal, so what we write leaves them out. */
const ILLEGAL =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** Character data; a carriage return survives the reader’s line-end normalisation (XML 1.0 §2.11). */
export function escapeText(text: string): string {
  if (!TEXT_SPECIAL.test(text)) return text
  return text.replace(ILLEGAL, '').replace(/[&<>\r]/g, (char) => REFERENCES[char] ?? '')
}

/** An attribute value for either kind of quote; white space survives normalisation (XML 1.0 §3.3.3). */
export function escapeAttr(text: string): string {
  if (!ATTR_SPECIAL.test(text)) return text
  return text.replace(ILLEGAL, '').replace(/[&<>'"\t\n\r]/g, (char) => REFERENCES[char] ?? '')
}

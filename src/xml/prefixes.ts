/**
 * Writes elements with prefixes that are declared once, at the root, where `Element.toString` would
 * declare a default namespace at every change of it. The same elements give the same text.
 */
import { type Element, escapeAttr, escapeText, NS_XML } from './element.ts'

export class Prefixes {
  /** By namespace; `''` for the default. Of those that are used. */
  readonly #used = new Map<string, string>()
  readonly #wanted: ReadonlyMap<string, string>

  /** `wanted`: the prefixes of namespaces that have one of their own; others are numbered. */
  constructor(wanted: ReadonlyMap<string, string>) {
    this.#wanted = wanted
  }

  /** `''` for the default namespace, and for names without one. */
  of(ns: string): string {
    const known = this.#used.get(ns)
    if (known !== undefined) return known
    const prefix = ns === NS_XML ? 'xml' : (this.#wanted.get(ns) ?? `n${this.#used.size + 1}`)
    this.#used.set(ns, prefix)
    return prefix
  }

  /** `p:name`, as in tags and selectors. */
  name(ns: string, local: string): string {
    const prefix = ns === '' ? '' : this.of(ns)
    return prefix === '' ? local : `${prefix}:${local}`
  }

  /** An attribute’s name, from its key in an `Element`. */
  attribute(key: string): string {
    if (key.charCodeAt(0) !== 0x7b) return key
    const end = key.lastIndexOf('}')
    return this.name(key.slice(1, end), key.slice(end + 1))
  }

  /** For the start tag around all that was written, with a space before each. */
  declarations(): string {
    let out = ''
    for (const [ns, prefix] of this.#used) {
      if (prefix !== 'xml') out += ` xmlns${prefix && ':'}${prefix}="${escapeAttr(ns)}"`
    }
    return out
  }

  write(element: Element): string {
    const { name, ns, attrs, children } = element
    // In a default namespace a name without a namespace has to say so.
    if (ns === '' && [...this.#wanted.values()].includes('')) return element.toString('?')
    const tag = this.name(ns, name)
    let out = `<${tag}`
    for (const key in attrs) out += ` ${this.attribute(key)}="${escapeAttr(attrs[key] ?? '')}"`
    if (children.length === 0) return `${out}/>`
    out += '>'
    for (const child of children) {
      out += typeof child === 'string' ? escapeText(child) : this.write(child)
    }
    return `${out}</${tag}>`
  }
}

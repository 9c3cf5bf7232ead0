/**
 * Presence as one watcher sees it: its text, from which full documents are written (RFC 3863, RFC
 * 5262), and its elements, of which differences and filters are made. Those are there when asked for.
 */
import { createHash } from 'node:crypto'
import { parseDocument } from '../xml/document.ts'
import { type Element, escapeAttr } from '../xml/element.ts'
import { Prefixes } from '../xml/prefixes.ts'
import type { RenderedPresence } from './pidf.ts'
import { PIDF_PREFIXES } from './pidf-fragments.ts'
import { NS_PIDF } from './pidf-model.ts'

/** What we have written ourselves; extensions have their own bounds. */
const OWN_LIMITS = { maxStanzaBytes: 16_777_216, maxDepth: 64, maxAttributes: 256 }

export class PresenceView {
  /** As the watcher knows the presentity. */
  readonly entity: string
  readonly namespaces: string
  readonly content: string
  #tree: Element | undefined
  #tag: string | undefined

  constructor(entity: string, { namespaces, content }: RenderedPresence, tree?: Element) {
    this.entity = entity
    this.namespaces = namespaces
    this.content = content
    this.#tree = tree
  }

  static ofTree(entity: string, tree: Element): PresenceView {
    const prefixes = new Prefixes(PIDF_PREFIXES)
    prefixes.of(NS_PIDF)
    let content = ''
    for (const child of tree.elements()) content += prefixes.write(child)
    return new PresenceView(entity, { namespaces: prefixes.declarations(), content }, tree)
  }

  /** Nothing to tell: a filter has left nothing (RFC 4660 §5.3.1). */
  get isEmpty(): boolean {
    return this.content === ''
  }

  /** The `presence` element. */
  get tree(): Element {
    this.#tree ??= parseDocument(this.#document('presence', ''), OWN_LIMITS)
    return this.#tree
  }

  /** The same for the same content, and for no other. */
  get tag(): string {
    this.#tag ??= createHash('sha256').update(this.#document('presence', '')).digest('base64url')
    return this.#tag
  }

  equals(other: PresenceView): boolean {
    return (
      this === other ||
      (this.content === other.content &&
        this.namespaces === other.namespaces &&
        this.entity === other.entity)
    )
  }

  pidf(): string {
    return `<?xml version="1.0" encoding="UTF-8"?>\n${this.#document('presence', '')}\n`
  }

  /** `attributes` are of the root, with a space before each. */
  withRoot(name: string, attributes: string): string {
    return `<?xml version="1.0" encoding="UTF-8"?>\n${this.#document(name, attributes)}\n`
  }

  #document(name: string, attributes: string): string {
    const { namespaces, entity, content } = this
    return `<${name}${namespaces}${attributes} entity="${escapeAttr(entity)}">${content}</${name}>`
  }
}

import type { PresenceDocument } from './document.ts'

/**
 * A format that renders a document once, however many watchers get it: fan-out copies, it does not
 * compose or render again. Documents are immutable, so a rendering lives as long as its document.
 */
export class SharedRendering<T> {
  readonly #render: (document: PresenceDocument, variant: string) => T
  readonly #made = new WeakMap<PresenceDocument, Map<string, T>>()

  constructor(render: (document: PresenceDocument, variant: string) => T) {
    this.#render = render
  }

  /** `variant` is what may differ between watchers of one document, such as the entity that they asked for. */
  of(document: PresenceDocument, variant: string): T {
    let byVariant = this.#made.get(document)
    if (!byVariant) {
      byVariant = new Map()
      this.#made.set(document, byVariant)
    }
    let made = byVariant.get(variant)
    if (made === undefined) {
      made = this.#render(document, variant)
      byVariant.set(variant, made)
    }
    return made
  }
}

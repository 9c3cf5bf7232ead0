import { counter } from '../../util/metrics.ts'
import type { PresenceDocument } from './document.ts'

/** Counted by every format: fan-out to watchers of one view adds one, however many they are. */
export const renderings = counter({
  name: 'heliograph_presence_renderings_total',
  help: 'Documents rendered for watchers, by format.',
  labels: ['format'],
})

/**
 * A format that renders a document once, however many watchers get it: fan-out copies, it does not
 * compose or render again. Documents are immutable, so a rendering lives as long as its document.
 */
export class SharedRendering<T> {
  readonly #format: string
  readonly #render: (document: PresenceDocument, variant: string) => T
  readonly #made = new WeakMap<PresenceDocument, Map<string, T>>()

  /** `format` is its name in the metrics. */
  constructor(format: string, render: (document: PresenceDocument, variant: string) => T) {
    this.#format = format
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
      renderings.inc({ format: this.#format })
      byVariant.set(variant, made)
    }
    return made
  }
}

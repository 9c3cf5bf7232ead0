import type { HeaderFields } from './errors.ts'

/** What a part adds to the answer to OPTIONS and to the checks that come before every handler. */
export interface Capabilities {
  /** Option tags for Supported (and that Require may name). */
  readonly supported?: readonly string[]
  /** Media types for Accept. */
  readonly accept?: readonly string[]
  /** Event packages for Allow-Events. */
  readonly allowEvents?: readonly string[]
}

export class CapabilityList {
  readonly #supported = new Set<string>()
  readonly #accept = new Set<string>()
  readonly #allowEvents = new Set<string>()

  add({ supported = [], accept = [], allowEvents = [] }: Capabilities): void {
    for (const tag of supported) this.#supported.add(tag.toLowerCase())
    for (const type of accept) this.#accept.add(type)
    for (const event of allowEvents) this.#allowEvents.add(event)
  }

  /** Option tags in lower case. */
  get supported(): ReadonlySet<string> {
    return this.#supported
  }

  /** For a 200 to OPTIONS (RFC 3261 §11.2). */
  fields(): HeaderFields {
    const lists = [
      ['Accept', this.#accept],
      ['Supported', this.#supported],
      ['Allow-Events', this.#allowEvents],
    ] as const
    return [
      ...lists.flatMap(([name, values]) =>
        values.size > 0 ? [[name, [...values].join(', ')] as const] : [],
      ),
      ['Accept-Encoding', 'identity'],
      ['Accept-Language', 'en'],
    ]
  }
}

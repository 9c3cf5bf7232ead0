/** Empty requests that come sooner after another than the client was told (XEP-0124 §11, §12). */
import type { Terms } from './terms.ts'

interface Poll {
  readonly at: number
  readonly isEmpty: boolean
  /** Its answer was empty. */
  gotNothing: boolean
}

export class Frequency {
  readonly #terms: Terms
  #last: Poll | undefined

  constructor(terms: Terms) {
    this.#terms = terms
  }

  /** Whether this request comes too soon, while `unanswered` others wait. */
  isTooHigh(request: { at: number; isEmpty: boolean; unanswered: number }): boolean {
    const { at, isEmpty, unanswered } = request
    const before = this.#last
    this.#last = { at, isEmpty, gotNothing: false }
    if (!before || !isEmpty || at - before.at >= this.#terms.pollingMs) return false
    if (this.#terms.hold === 0) return before.isEmpty && before.gotNothing
    return unanswered + 1 >= this.#terms.requests
  }

  answeredWithNothing(): void {
    if (this.#last) this.#last.gotNothing = true
  }
}

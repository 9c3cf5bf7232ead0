/** Stanzas counted as XEP-0198 §4 does: the last of 2³² is followed by none. */
export class StanzaCount {
  #value = 0

  get value(): number {
    return this.#value
  }

  increment(): void {
    this.#value = (this.#value + 1) >>> 0
  }
}

/** Stanzas counted as XEP-0198 §4 does: the last of 2³² is followed by none. */
export class StanzaCount {
  #value: number

  constructor(value = 0) {
    this.#value = value
  }

  get value(): number {
    return this.#value
  }

  increment(): void {
    this.#value = countAfter(this.#value, 1)
  }
}

/** The count when `stanzas` more have come. */
export function countAfter(count: number, stanzas: number): number {
  return (count + stanzas) >>> 0
}

/** How many stanzas came between two counts. */
export function stanzasBetween(earlier: number, later: number): number {
  return (later - earlier) >>> 0
}

/** The last answers of a session, for clients to whom they got lost (XEP-0124 §14.3). */

interface Given {
  readonly body: string
  /** Of its request: a repeated one is an exact copy. */
  readonly key: string | undefined
}

export class Answers {
  readonly #kept = new Map<number, Given>()
  readonly #max: number

  /** As many as there may be requests at a time. */
  constructor(max: number) {
    this.#max = max
  }

  keep(rid: number, given: Given): void {
    this.#kept.set(rid, given)
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= this.#max) return
      this.#kept.delete(old)
    }
  }

  /** §9.2: the client has all up to this one. */
  acknowledged(rid: number): void {
    for (const old of this.#kept.keys()) if (old <= rid) this.#kept.delete(old)
  }

  get(rid: number, key: string | undefined): string | undefined {
    const given = this.#kept.get(rid)
    return given?.key === key ? given?.body : undefined
  }
}

/** What waits to be sent to a client that has to ask for it, and who waits until it has been. */

interface Waiting {
  /** All up to this one. */
  readonly upTo: number
  readonly done: (taken: boolean) => void
}

export class Outlet {
  #queue: string[] = []
  #queued = 0
  #written = 0
  #taken = 0
  #waiting: Waiting[] | undefined

  /** Characters. */
  get size(): number {
    return this.#queued
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  push(text: string): void {
    this.#queue.push(text)
    this.#queued += text.length
    this.#written += 1
  }

  /** All that waits; the number is for `taken`, once the system has it. */
  drain(): { readonly payloads: readonly string[]; readonly upTo: number } {
    const payloads = this.#queue
    this.#queue = []
    this.#queued = 0
    return { payloads, upTo: this.#written }
  }

  taken(upTo: number): void {
    this.#taken = Math.max(this.#taken, upTo)
    this.#waiting = this.#waiting?.filter((waiting) => {
      if (waiting.upTo > this.#taken) return true
      waiting.done(true)
      return false
    })
  }

  flushed(): Promise<boolean> {
    if (this.#taken === this.#written) return Promise.resolve(true)
    this.#waiting ??= []
    return new Promise((done) => this.#waiting?.push({ upTo: this.#written, done }))
  }

  /** Nothing goes out any more: whoever waits has to see to it himself. */
  end(): void {
    this.drain()
    for (const { done } of this.#waiting ?? []) done(false)
    this.#waiting = undefined
  }
}

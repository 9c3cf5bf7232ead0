/** Work that goes on after its stream: whoever closes what it needs waits for it first. */
export class Unfinished {
  readonly #promises = new Set<Promise<unknown>>()

  add(promise: Promise<unknown>): void {
    this.#promises.add(promise)
    const done = () => void this.#promises.delete(promise)
    promise.then(done, done)
  }

  /** Resolves when nothing is left, what came meanwhile included. */
  async settled(): Promise<void> {
    while (this.#promises.size > 0) await Promise.allSettled(this.#promises)
  }
}

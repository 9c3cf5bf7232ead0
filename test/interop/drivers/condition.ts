/** Long, for a machine that does much else; nothing waits for it that goes well. */
const DEADLINE_MS = 30_000

/**
 * Something that happens while a test waits: `until` looks each time that `changed` is called, and
 * fails with a report when the deadline passes or what it waits on has ended.
 */
export class Condition {
  readonly #wakers = new Set<() => void>()
  #ended = false

  changed(): void {
    for (const wake of this.#wakers) wake()
    this.#wakers.clear()
  }

  /** Nothing will change any more. */
  end(): void {
    this.#ended = true
    this.changed()
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  async until<T>(look: () => T | undefined, report: () => string): Promise<T> {
    let late = false
    const deadline = setTimeout(() => {
      late = true
      this.changed()
    }, DEADLINE_MS)
    try {
      for (;;) {
        const found = look()
        if (found !== undefined) return found
        if (this.#ended || late)
          throw new Error(`${late ? 'did not happen' : 'ended'}: ${report()}`)
        await new Promise<void>((wake) => this.#wakers.add(wake))
      }
    } finally {
      clearTimeout(deadline)
    }
  }
}

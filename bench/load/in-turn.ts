/** Many pieces of work, so many at a time, so many a second. */

/** Calls `work` with 0 to `count - 1`, so many at a time. */
export async function each(
  count: number,
  window: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const one = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: window }, one))
}

export class Pace {
  readonly #intervalMs: number
  #at = performance.now()

  constructor(perSecond: number | undefined) {
    this.#intervalMs = perSecond === undefined ? 0 : 1000 / perSecond
  }

  async next(): Promise<void> {
    this.#at += this.#intervalMs
    const wait = this.#at - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
  }
}

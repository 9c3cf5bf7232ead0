/** Work on the same key runs one after the other, in the order it was handed in; keys do not wait for each other. */
export class KeyedQueue<K> {
  readonly #tails = new Map<K, { tail: Promise<unknown>; length: number }>()
  readonly #maxLength: number

  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** Whether the key has as much waiting work as it may have. */
  isFull(key: K): boolean {
    return this.lengthOf(key) >= this.#maxLength
  }

  /** How much work of this key runs and waits. */
  lengthOf(key: K): number {
    return this.#tails.get(key)?.length ?? 0
  }

  /** Whether work of this key runs or waits. */
  isBusy(key: K): boolean {
    return this.#tails.has(key)
  }

  /** Settles as `work` does. Throws `RangeError` where the key's queue is full. */
  run<T>(key: K, work: () => Promise<T>): Promise<T> {
    if (this.isFull(key)) throw new RangeError('too much work waits for this key')
    const queue = this.#tails.get(key) ?? { tail: Promise.resolve(), length: 0 }
    this.#tails.set(key, queue)
    queue.length += 1
    const result = queue.tail.then(work)
    queue.tail = result
      .catch(() => undefined)
      .then(() => {
        queue.length -= 1
        if (queue.length === 0) this.#tails.delete(key)
      })
    return result
  }
}

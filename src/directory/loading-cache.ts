/**
 * Keeps the most recently used answers of a loader, absent ones included, and loads each only once.
 * A change must `delete` its keys after it is committed: loads that began before then are dropped too,
 * since it is the promise that is kept and not its result.
 */
export class LoadingCache<K, V> {
  readonly #limit: number
  readonly #load: (key: K) => Promise<V>
  readonly #entries = new Map<K, Entry<V>>()

  constructor(limit: number, load: (key: K) => Promise<V>) {
    this.#limit = limit
    this.#load = load
  }

  get(key: K): Promise<V> {
    const known = this.#touch(key)
    if (known) return known.promise
    const entry: Entry<V> = { promise: this.#load(key), settled: undefined }
    this.#entries.set(key, entry)
    this.#evict()
    entry.promise.then(
      (value) => {
        entry.settled = { value }
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key)
      },
    )
    return entry.promise
  }

  /** The answer where it is there already. */
  peek(key: K): { value: V } | undefined {
    return this.#touch(key)?.settled
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  #touch(key: K): Entry<V> | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  #evict(): void {
    if (this.#entries.size <= this.#limit) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }
}

interface Entry<V> {
  readonly promise: Promise<V>
  settled: { value: V } | undefined
}

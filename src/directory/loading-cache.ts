/**
 * Keeps the recently used answers of a loader, absent ones included, and loads each only once.
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
    const entry: Entry<V> = { promise: this.#load(key), settled: undefined, used: false }
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
    if (entry) entry.used = true
    return entry
  }

  /** Who was used since he last was the oldest gets a second chance: to move him at each use would cost more. */
  #evict(): void {
    if (this.#entries.size <= this.#limit) return
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key)
      if (!entry.used) return
      entry.used = false
      this.#entries.set(key, entry)
    }
  }
}

interface Entry<V> {
  readonly promise: Promise<V>
  settled: { value: V } | undefined
  used: boolean
}

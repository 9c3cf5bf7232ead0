/** How many may do something at a time, of all and of each. */
export interface PlaceLimits {
  readonly max: number
  readonly maxOfOne: number
}

export class Places {
  readonly #limits: PlaceLimits
  readonly #byKey = new Map<string, number>()
  #taken = 0

  constructor(limits: PlaceLimits) {
    this.#limits = limits
  }

  get taken(): number {
    return this.#taken
  }

  /** A place, to be disposed of; or who has too many. */
  take(key: string): Disposable | 'all' | 'one' {
    const own = this.#byKey.get(key) ?? 0
    if (own >= this.#limits.maxOfOne) return 'one'
    if (this.#taken >= this.#limits.max) return 'all'
    this.#taken += 1
    this.#byKey.set(key, own + 1)
    let isTaken = true
    const leave = () => {
      if (isTaken) this.#leave(key)
      isTaken = false
    }
    return { [Symbol.dispose]: leave }
  }

  #leave(key: string): void {
    this.#taken -= 1
    const left = (this.#byKey.get(key) ?? 1) - 1
    if (left > 0) this.#byKey.set(key, left)
    else this.#byKey.delete(key)
  }
}

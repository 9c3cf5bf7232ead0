/** Asks WebSockets for a sign of life (RFC 6455 §5.5.2), a part of them at a time: one timer for all of them. */
import type { Clock, Timer } from '../util/clock.ts'

export interface Beating {
  beat(): void
}

const PARTS = 16

export class Heartbeats implements Disposable {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #parts = Array.from({ length: PARTS }, () => new Set<Beating>())
  #count = 0
  #next = 0
  #timer: Timer | undefined

  /** 0 for never. */
  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock
    this.#everyMs = everyMs
  }

  add(beating: Beating): void {
    if (this.#everyMs === 0) return
    // Those before the next one wait longest for their first.
    this.#parts[(this.#next + PARTS - 1) % PARTS]?.add(beating)
    this.#count += 1
    if (!this.#timer) this.#arm()
  }

  remove(beating: Beating): void {
    if (!this.#parts.some((part) => part.delete(beating))) return
    this.#count -= 1
    if (this.#count === 0) this[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#everyMs / PARTS, () => {
      const part = this.#parts[this.#next] ?? new Set()
      this.#next = (this.#next + 1) % PARTS
      for (const beating of part) beating.beat()
      if (this.#count > 0) this.#arm()
    })
  }
}

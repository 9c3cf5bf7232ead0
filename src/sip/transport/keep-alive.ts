/** Asks whether a connection that we opened still leads anywhere (RFC 5626 §4.4.1). */
import { randomInt } from 'node:crypto'
import type { Clock, Timer } from '../../util/clock.ts'

/** §4.4.1: the time that a pong may take. */
const PONG_MS = 10_000

export interface KeptAlive {
  ping(): void
  /** No answer came: the flow has failed. */
  failed(): void
}

export class KeepAlive {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #connection: KeptAlive
  #timer: Timer

  constructor(clock: Clock, everyMs: number, connection: KeptAlive) {
    this.#clock = clock
    this.#everyMs = everyMs
    this.#connection = connection
    this.#timer = this.#sleep()
  }

  answered(): void {
    this.#timer.cancel()
    this.#timer = this.#sleep()
  }

  stop(): void {
    this.#timer.cancel()
  }

  /** §4.4: between 80 and 100 percent of the time, so that connections do not all ask together. */
  #sleep(): Timer {
    const ms = randomInt(Math.ceil(this.#everyMs * 0.8), this.#everyMs + 1)
    return this.#clock.after(ms, () => {
      this.#timer = this.#clock.after(PONG_MS, () => this.#connection.failed())
      this.#connection.ping()
    })
  }
}

/** How long a connection may be without a word: to its first message, and between messages. */
import type { Clock, Timer } from '../../util/clock.ts'
import type { TransportLimits } from './limits.ts'

interface Watched {
  readonly clock: Clock
  readonly limits: TransportLimits
}

export class LifeWatch {
  readonly #owner: Watched
  readonly #over: (reason: 'no_message_in_time' | 'idle') => void
  #lastHeard: number | undefined
  /** One timer for the connection's life: it looks when the last message came and sleeps on. */
  #timer: Timer

  constructor(owner: Watched, over: (reason: 'no_message_in_time' | 'idle') => void) {
    this.#owner = owner
    this.#over = over
    const { clock, limits } = owner
    this.#timer = clock.after(limits.firstMessageMs, () => over('no_message_in_time'))
  }

  heard(): void {
    const isFirst = this.#lastHeard === undefined
    this.#lastHeard = this.#owner.clock.now()
    if (isFirst) this.#sleep(this.#owner.limits.idleMs)
  }

  /** A sign of life, which is no message. */
  answered(): void {
    if (this.#lastHeard !== undefined) this.heard()
  }

  stop(): void {
    this.#timer.cancel()
  }

  #sleep(ms: number): void {
    this.#timer.cancel()
    if (ms === Infinity) return
    this.#timer = this.#owner.clock.after(ms, () => {
      const { clock, limits } = this.#owner
      const left = (this.#lastHeard ?? 0) + limits.idleMs - clock.now()
      if (left > 0) this.#sleep(left)
      else this.#over('idle')
    })
  }
}

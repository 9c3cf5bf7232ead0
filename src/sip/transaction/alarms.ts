import type { Clock, Timer } from '../../util/clock.ts'

/** The running timers of one transaction, by their letter; all are cancelled together. */
export class Alarms<Name extends string> {
  readonly #clock: Clock
  readonly #running = new Map<Name, Timer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Zero runs at once: what RFC 3261 gives reliable transports. Setting a running alarm starts it anew. */
  set(name: Name, ms: number, run: () => void): void {
    this.cancel(name)
    if (ms === 0) {
      run()
      return
    }
    this.#running.set(
      name,
      this.#clock.after(ms, () => {
        this.#running.delete(name)
        run()
      }),
    )
  }

  cancel(name: Name): void {
    this.#running.get(name)?.cancel()
    this.#running.delete(name)
  }

  cancelAll(): void {
    for (const timer of this.#running.values()) timer.cancel()
    this.#running.clear()
  }
}

import type { Clock, Timer } from '../../util/clock.ts'

/** The running timers of one transaction, by their letter; all are cancelled together. */
export class Alarms<Name extends string> {
  readonly #clock: Clock
  /** Few, and as good as never more than two at a time. */
  #running: Partial<Record<Name, Timer>> | undefined

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
    this.#running ??= {}
    this.#running[name] = this.#clock.after(ms, run)
  }

  cancel(name: Name): void {
    this.#running?.[name]?.cancel()
  }

  cancelAll(): void {
    const running = this.#running
    if (!running) return
    this.#running = undefined
    for (const name in running) running[name]?.cancel()
  }
}

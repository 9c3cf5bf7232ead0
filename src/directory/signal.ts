/** One event with its listeners, called in the order in which they came. */
import type { Log } from '../util/log.ts'

export class Signal<T> {
  readonly #name: string
  readonly #log: Log
  readonly #listeners = new Set<(event: T) => void>()

  constructor(name: string, log: Log) {
    this.#name = name
    this.#log = log
  }

  listen(listener: (event: T) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** What is told has happened already: a listener's failure is logged and stops neither caller nor others. */
  emit(event: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#log.error({ what: 'directory_listener_failed', event: this.#name, err: error })
      }
    }
  }
}

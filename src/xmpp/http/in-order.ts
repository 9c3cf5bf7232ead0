/** Works on what comes one after the other (RFC 6120 §10.1), and on nothing while it is held. */
import type { Unfinished } from '../c2s/unfinished.ts'

export interface Work<T> {
  /** Throws or rejects with what ends it all. */
  take(item: T): void | Promise<void>
  failed(error: unknown): void
  /** Nothing waits any more. */
  idle(): void
}

export class InOrder<T> {
  readonly #work: Work<T>
  readonly #unfinished: Unfinished
  #waiting: T[] = []
  #isBusy = false
  #isHeld = false
  #isStopped = false

  constructor(work: Work<T>, unfinished: Unfinished) {
    this.#work = work
    this.#unfinished = unfinished
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get isAtWork(): boolean {
    return this.#isBusy || this.#isHeld
  }

  push(item: T): void {
    this.#waiting.push(item)
    if (!this.isAtWork) this.#run()
  }

  hold(): void {
    this.#isHeld = true
  }

  resume(): void {
    this.#isHeld = false
    if (!this.#isBusy) this.#run()
  }

  stop(): void {
    this.#isStopped = true
    this.#waiting = []
  }

  #run(): void {
    try {
      while (this.#waiting.length > 0 && !this.isAtWork) {
        const item = this.#waiting.shift()
        if (item === undefined) continue
        const pending = this.#work.take(item)
        if (pending instanceof Promise) this.#wait(pending)
      }
      if (!this.isAtWork && !this.#isStopped) this.#work.idle()
    } catch (error) {
      this.stop()
      this.#work.failed(error)
    }
  }

  #wait(pending: Promise<void>): void {
    this.#isBusy = true
    this.#unfinished.add(pending)
    pending.then(
      () => {
        this.#isBusy = false
        if (!this.#isStopped) this.#run()
      },
      (error: unknown) => {
        if (this.#isStopped) return
        this.stop()
        this.#work.failed(error)
      },
    )
  }
}

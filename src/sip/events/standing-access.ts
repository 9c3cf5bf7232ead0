/**
 * What one watcher may see, asked again whenever the rules may have changed. While a question is
 * open nothing holds, neither the old answer nor the new one.
 */
import type { Access } from '../../core/presence/access/access.ts'

/** A part of whoever stands on it, and not an object beside it: there is one for each subscription. */
export abstract class StandingAccess {
  #current: Access | undefined
  #question = 0
  #isAsking = false

  protected abstract authorize(): Access | Promise<Access>
  /** Called with the answer to the latest question; one that was overtaken is passed over. */
  protected abstract decided(access: Access): void
  protected abstract failed(error: unknown): void

  /** `undefined` until the question is answered. */
  get current(): Access | undefined {
    return this.#current
  }

  /** What holds is not sure any more; nobody has asked yet. */
  invalidate(): void {
    this.#question += 1
    this.#current = undefined
    this.#isAsking = false
  }

  /** Holds until somebody asks again. */
  hold(access: Access): void {
    this.invalidate()
    this.#current = access
  }

  /** Asks unless the answer is there, or on its way. */
  require(): void {
    if (!this.#current && !this.#isAsking) this.ask().catch((error) => this.failed(error))
  }

  /** Decides at once where the answer is at hand. Rejects where the question cannot be answered. */
  ask(): Promise<void> {
    this.invalidate()
    this.#isAsking = true
    const question = this.#question
    try {
      const answer = this.authorize()
      if (answer instanceof Promise) {
        return answer.then(
          (access) => this.#settle(question, access),
          (error: unknown) => this.#fail(question, error),
        )
      }
      this.#settle(question, answer)
    } catch (error) {
      this.#isAsking = false
      return Promise.reject(error)
    }
    return Promise.resolve()
  }

  #fail(question: number, error: unknown): void {
    if (question !== this.#question) return
    this.#isAsking = false
    throw error
  }

  #settle(question: number, access: Access): void {
    if (question !== this.#question) return
    this.#isAsking = false
    this.#current = access
    this.decided(access)
  }
}

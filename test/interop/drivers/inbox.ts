import { Condition } from './condition.ts'

/** What comes while a test runs: kept until the test asks for it, and each handed out once. */
export class Inbox<T> {
  readonly #unread: T[] = []
  readonly #condition = new Condition()
  readonly #describe: () => string

  /** `describe` says more where something did not come. */
  constructor(describe: () => string = () => '') {
    this.#describe = describe
  }

  push(item: T): void {
    this.#unread.push(item)
    this.#condition.changed()
  }

  /** Nothing comes any more. */
  end(): void {
    this.#condition.end()
  }

  get hasEnded(): boolean {
    return this.#condition.hasEnded
  }

  /** The first that matches, past or to come; rejects when it does not come. `what` is what the report calls it. */
  expect(matches: (item: T) => boolean, what = 'what was expected'): Promise<T> {
    const take = () => {
      const at = this.#unread.findIndex(matches)
      return at < 0 ? undefined : this.#unread.splice(at, 1)[0]
    }
    return this.#condition.until(take, () => `${what}; unread: ${this.#report()}`)
  }

  /** Those that came so far and were not handed out. */
  get unread(): readonly T[] {
    return this.#unread
  }

  #report(): string {
    const items = this.#unread.map((item) =>
      typeof item === 'string' ? item : JSON.stringify(item),
    )
    return `${items.join('\n')}\n${this.#describe()}`
  }
}

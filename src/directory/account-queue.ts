/** Lets the changes of one account take turns, while those of others go on. */

import type { BareJid } from '../core/address.ts'
import { DirectoryError } from './errors.ts'

interface Line {
  tail: Promise<unknown>
  length: number
}

/** Changes of one account that may wait at a time. */
const MAX_WAITING = 500

export class AccountQueue {
  readonly #lines = new Map<BareJid, Line>()

  /**
   * Runs `task` after all earlier ones of the account. Rejects with `DirectoryError` `BUSY`
   * where too many wait. A task must not wait for another task of its own account.
   */
  async run<T>(account: BareJid, task: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(account) ?? { tail: Promise.resolve(), length: 0 }
    if (line.length >= MAX_WAITING) throw new DirectoryError('BUSY', 'too many changes at once')
    line.length += 1
    const result = line.tail.then(task)
    line.tail = result
      .catch(() => undefined)
      .then(() => {
        line.length -= 1
        if (line.length === 0) this.#lines.delete(account)
      })
    this.#lines.set(account, line)
    return result
  }

  /** Accounts with something to do. */
  get size(): number {
    return this.#lines.size
  }
}

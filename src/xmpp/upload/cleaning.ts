/** Removes files whose time is over and files whose users are gone: now and then, and when it is told to. */
import type { Over, UploadRecords } from '../../storage/stores/uploads.ts'
import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { FileStore } from './file-store.ts'
import { removed } from './metrics.ts'
import { DAY_MS, type Quotas } from './quotas.ts'
import { traceOf } from './trace.ts'

const EVERY_MS = 600_000
const AT_ONCE = 200

export interface CleaningDeps {
  readonly records: UploadRecords
  readonly files: Pick<FileStore, 'remove'>
  readonly quotas: Pick<Quotas, 'count'>
  readonly clock: Clock
  readonly log: Log
}

export class Cleaning implements AsyncDisposable {
  readonly #deps: CleaningDeps
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(deps: CleaningDeps) {
    this.#deps = deps
  }

  /** Resolves when all that is over now is gone. Never rejects. */
  run(): Promise<void> {
    this.#again = this.#running !== undefined
    this.#running ??= this.#clean().finally(() => {
      this.#running = undefined
      this.#wait()
    })
    return this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running
  }

  #wait(): void {
    this.#timer?.cancel()
    if (!this.#stopped) this.#timer = this.#deps.clock.after(EVERY_MS, () => void this.run())
  }

  async #clean(): Promise<void> {
    const { records, clock, log } = this.#deps
    try {
      do {
        this.#again = false
        await this.#all('expired', () => records.expired(clock.now(), AT_ONCE))
        await this.#all('orphaned', () => records.orphaned(AT_ONCE))
        await records.forgetRemoved(clock.now() - DAY_MS)
      } while (this.#again && !this.#stopped)
    } catch (err) {
      log.error({ what: 'upload_cleaning_failed', err })
    }
  }

  async #all(cause: string, find: () => Promise<readonly Over[]>): Promise<void> {
    while (!this.#stopped) {
      const over = await find()
      const gone = await Promise.all(over.map((file) => this.#remove(file, cause)))
      // Those that cannot be removed are tried again the next time.
      if (over.length < AT_ONCE || !gone.includes(true)) return
    }
  }

  async #remove({ id, size }: Over, cause: string): Promise<boolean> {
    const { files, records, quotas, log } = this.#deps
    try {
      await files.remove(id)
    } catch (err) {
      log.error({ what: 'upload_not_removed', ...traceOf(err) })
      return false
    }
    if (!(await records.removed(id))) return false
    quotas.count(-size)
    removed.inc({ cause })
    return true
  }
}

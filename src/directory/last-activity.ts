/** When users were last there, and their last words: what others may ask while they are away (XEP-0012). */
import type { BareJid } from '../core/address.ts'
import type { Database } from '../storage/database.ts'
import { LastActivityRows } from '../storage/stores/last-activity.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'

export interface Departure {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** What he said when he left; empty where nothing. */
  readonly words: string
}

type Departures = Map<BareJid, Departure>

/** In the evening everybody leaves at once: they are written together. */
const WRITE_AFTER_MS = 1_000
const ROWS_AT_A_TIME = 500
const MAX_WORDS = 1_024

export interface LastActivityDeps {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

export class LastActivity implements AsyncDisposable {
  readonly #rows: LastActivityRows
  readonly #clock: Clock
  readonly #log: Log
  #words = ''
  /** Not on the disk yet: those that are being written, and later ones. */
  #writing: Departures = new Map()
  #pending: Departures = new Map()
  #written = Promise.resolve()

  constructor({ database, clock, log }: LastActivityDeps) {
    this.#rows = new LastActivityRows(database.kysely)
    this.#clock = clock
    this.#log = log
  }

  /** `undefined` where he was never seen to leave. */
  async of(account: BareJid): Promise<Departure | undefined> {
    const recent = this.#pending.get(account) ?? this.#writing.get(account)
    if (recent) return recent
    const row = await this.#rows.get(account)
    return row && { at: row.leftAt, words: row.status }
  }

  left(account: BareJid, at: number): void {
    if (this.#pending.size === 0) this.#clock.after(WRITE_AFTER_MS, () => this.#write())
    this.#pending.set(account, { at, words: this.#words })
  }

  /** Who leaves because of `work` leaves with these words. */
  withWords(words: string | undefined, work: () => void): void {
    this.#words = words?.slice(0, MAX_WORDS) ?? ''
    try {
      work()
    } finally {
      this.#words = ''
    }
  }

  /** Resolves when all that has been told so far is on the disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#write()
    await this.#written
  }

  #write(): void {
    this.#written = this.#written.then(() => this.#writeAll())
  }

  async #writeAll(): Promise<void> {
    this.#writing = this.#pending
    this.#pending = new Map()
    const rows = Array.from(this.#writing, ([account, { at, words }]) => {
      return { account, leftAt: at, status: words }
    })
    try {
      for (let from = 0; from < rows.length; from += ROWS_AT_A_TIME) {
        await this.#rows.putAll(rows.slice(from, from + ROWS_AT_A_TIME))
      }
    } catch (err) {
      this.#log.error({ what: 'last_activity_not_written', count: rows.length, err })
    }
    this.#writing = new Map()
  }
}

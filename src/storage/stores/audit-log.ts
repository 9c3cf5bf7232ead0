/** Who did what: written once, never changed, read a page at a time. */
import type { Queryable } from '../database.ts'

export interface AuditEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** An administrator's name, or `local` for the Unix socket. */
  readonly actor: string
  /** Method and route of the API's call. */
  readonly action: string
  readonly target: string
  /** `done`, or the code of the refusal. */
  readonly outcome: string
  /** Network address of the caller, or `local`. */
  readonly source: string
  /** Must survive JSON, and hold no secrets. */
  readonly detail: Readonly<Record<string, unknown>>
}

export interface StoredAuditEntry extends AuditEntry {
  readonly id: number
}

const MAX_PAGE = 1_000

export class AuditLog {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  async append(entry: AuditEntry): Promise<void> {
    await this.#db
      .insertInto('audit_log')
      .values({ ...entry, detail: JSON.stringify(entry.detail) })
      .execute()
  }

  /** Newest first; the next page is `before` the last `id` of this one. */
  async page({
    before,
    limit = 100,
  }: {
    before?: number | undefined
    limit?: number
  } = {}): Promise<StoredAuditEntry[]> {
    const rows = await this.#db
      .selectFrom('audit_log')
      .selectAll()
      .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
      .orderBy('id', 'desc')
      .limit(Math.max(1, Math.min(MAX_PAGE, limit)))
      .execute()
    return rows.map((row) => ({ ...row, detail: parseDetail(row.detail) }))
  }
}

function parseDetail(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>
}

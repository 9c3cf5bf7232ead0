/** The audit log: every call that changes something, and who made it. */
export interface AuditEntry {
  /** An administrator's name, or `local` for the Unix socket. */
  readonly actor: string
  /** Method and route: `POST /api/v1/users`. */
  readonly action: string
  /** What it was about: the URL, or what the body named. */
  readonly target: string
  /** `done`, or the code of the refusal. */
  readonly outcome: string
  /** Network address, or `local`. */
  readonly source: string
}

export interface AuditRecord extends AuditEntry {
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface Audit {
  append(entry: AuditEntry): Promise<void>
  /** Newest first; those older than `before`. */
  list(page: { before?: number; limit: number }): Promise<AuditRecord[]>
}

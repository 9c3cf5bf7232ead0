/** The audit log: every call that changes something, and who made it. */
export interface AuditEntry {
  readonly actor: string
  readonly action: string
  readonly target: string
  /** HTTP status. */
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

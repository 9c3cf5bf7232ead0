import type { Generated } from 'kysely'

/** Who did what to what, when, from where, and whether it worked. Rows are only ever added. */
export interface AuditLogTable {
  id: Generated<number>
  at: number
  actor: string
  action: string
  target: string
  outcome: string
  /** Network address of the caller, or `local` for the Unix socket. */
  source: string
  /** JSON object. */
  detail: string
}

import type { Flag } from './columns.ts'

/** Who may come, and by whose word (XEP-0401). */
export interface InvitationsTable {
  /** SHA-256 of the token in hex: the database lets nobody in. */
  token_hash: string
  inviter: string
  /** Where an account may be made with it. */
  domain: string
  /** The only one that may be; `null`: any. */
  account: string | null
  /** `contact` or `account`. */
  kind: string
  /** Whether the two will see each other. */
  befriends: Flag
  expires_at: number
}

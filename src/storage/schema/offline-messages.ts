import type { Generated } from 'kysely'

/** Messages kept for users who are not signed in (XEP-0160), in order of arrival. */
export interface OfflineMessagesTable {
  id: Generated<number>
  account: string
  sender: string
  recipient: string
  type: string
  message_id: string | null
  thread: string | null
  subject: string | null
  body: string | null
  /** The protocol it came in by, whose words `native` is in. */
  origin: string
  native: string | null
  stored_at: number
}

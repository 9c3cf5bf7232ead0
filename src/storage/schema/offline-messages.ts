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
  /** What it says beside its text, as JSON. */
  signals: string | null
  stored_at: number
  /** By which the account knows it (XEP-0359). */
  stable_id: string | null
  /** It is not delivered after that. */
  expires_at: number | null
  /** When it is to go by e-mail, next. */
  mail_at: number | null
  /** How often that was tried. */
  mail_tries: Generated<number>
}

import type { Flag } from './columns.ts'

export interface UsersTable {
  /** Bare JID, prepared. */
  account: string
  domain: string
  /** Display name, possibly empty. */
  name: string
  disabled: Flag
  created_at: number
  /** SHA-1 of the picture in his vCard, in hexadecimal (XEP-0153). */
  avatar: string | null
}

import type { Generated } from 'kysely'

/** The communication addresses that an administrator gave to a user, in the order he gave them. */
export interface AddressesTable {
  id: Generated<number>
  account: string
  type: string
  /** As it was entered, trimmed. */
  value: string
  /** The same in normal form: a key of `handles`. */
  handle: string
}

/**
 * Who owns a handle. The primary key is what keeps two users from holding one address,
 * whatever its types; an account is a handle of its user from the start.
 */
export interface HandlesTable {
  handle: string
  account: string
  /** `+` and digits, or digits alone, where the user part is a number that may be dialled without its domain. */
  number: string | null
}

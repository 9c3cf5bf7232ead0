/** A person: one account, one presentity, any number of addresses. */
import { type BareJid, parseJid } from '../core/address.ts'
import type { UsersTable } from '../storage/schema/users.ts'
import type { StoredAddress } from '../storage/stores/addresses.ts'
import { DirectoryError } from './errors.ts'
import { ADDRESS_TYPES, type AddressType } from './handles.ts'

/** A communication address as it was entered. */
export interface Address {
  readonly type: AddressType
  readonly value: string
}

export interface User {
  readonly account: BareJid
  /** Display name, possibly empty. */
  readonly name: string
  /** Kept, but may not sign in. */
  readonly disabled: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** SHA-1 of the picture in his vCard, in hexadecimal. */
  readonly avatar: string | undefined
  /** In the order they were added; the account, which is his XMPP and SIP address too, is not among them. */
  readonly addresses: readonly Address[]
}

const MAX_NAME_CHARS = 256

/** Throws `DirectoryError` `BAD_ACCOUNT`. */
export function requireAccount(text: string): BareJid {
  const jid = parseJid(text.trim())
  if (jid && jid.local !== '' && jid.resource === '') return jid.bare
  throw new DirectoryError('BAD_ACCOUNT', 'an account is an address of the form user@domain')
}

/** Throws `DirectoryError` `BAD_NAME`. */
export function requireName(text: string): string {
  const name = text.trim().normalize('NFC')
  if (name.length <= MAX_NAME_CHARS && !/[\p{Cc}\p{Cs}]/u.test(name)) return name
  throw new DirectoryError(
    'BAD_NAME',
    `a name has at most ${MAX_NAME_CHARS} characters and no controls`,
  )
}

export function parseUser(row: UsersTable, addresses: readonly StoredAddress[]): User {
  return {
    account: row.account as BareJid,
    name: row.name,
    disabled: row.disabled === 1,
    createdAt: row.created_at,
    avatar: row.avatar ?? undefined,
    addresses: addresses.flatMap(({ type, value }) =>
      isAddressType(type) ? [{ type, value }] : [],
    ),
  }
}

export function isAddressType(type: string): type is AddressType {
  return ADDRESS_TYPES.some((known) => known === type)
}

/** Giving addresses to users and taking them away, within a transaction. */
import { type BareJid, domainOf } from '../core/address.ts'
import type { Queryable } from '../storage/database.ts'
import {
  claimHandle,
  deleteAddress,
  findHandle,
  insertAddress,
  listAddresses,
  releaseHandle,
} from '../storage/stores/addresses.ts'
import { findUser } from '../storage/stores/users.ts'
import { addressTaken, DirectoryError, noSuchUser } from './errors.ts'
import { numberOf, parseAddress } from './handles.ts'
import type { Address } from './user.ts'

const MAX_ADDRESSES = 50

export async function addAddress(
  trx: Queryable,
  account: BareJid,
  address: Address,
): Promise<void> {
  const { type, value } = address
  const handle = requireHandle(account, address)
  if (!(await findUser(trx, account))) throw noSuchUser(account)
  await claim(trx, account, { type, handle })
  if (!(await insertAddress(trx, account, { type, value: value.trim(), handle }))) {
    throw new DirectoryError('ADDRESS_EXISTS', `the user has this ${type} address already`)
  }
  if ((await listAddresses(trx, account)).length > MAX_ADDRESSES) {
    throw new DirectoryError('TOO_MANY_ADDRESSES', `a user has at most ${MAX_ADDRESSES} addresses`)
  }
}

export async function removeAddress(
  trx: Queryable,
  account: BareJid,
  address: Address,
): Promise<void> {
  const { type } = address
  const handle = requireHandle(account, address)
  if (!(await deleteAddress(trx, account, { type, handle }))) {
    throw new DirectoryError('NO_SUCH_ADDRESS', `the user has no such ${type} address`)
  }
  await releaseHandle(trx, account, handle)
}

/** An account is an address of its user from the start, under XMPP and SIP alike. */
export function claimAccount(trx: Queryable, account: BareJid): Promise<void> {
  return claim(trx, account, { type: 'xmpp', handle: account })
}

export async function refuseTakenAccount(db: Queryable, account: BareJid): Promise<void> {
  const owner = await findHandle(db, account)
  if (owner !== undefined && owner !== account) throw addressTaken('xmpp', owner as BareJid)
}

async function claim(
  trx: Queryable,
  account: BareJid,
  { type, handle }: { type: string; handle: string },
): Promise<void> {
  const owner = await claimHandle(trx, { handle, account, number: numberOf(handle) ?? null })
  if (owner !== account) throw addressTaken(type, owner as BareJid)
}

function requireHandle(account: BareJid, { type, value }: Address): string {
  const handle = parseAddress(type, value, domainOf(account))
  if (handle !== undefined) return handle
  throw new DirectoryError('BAD_ADDRESS', `that is not a valid ${type} address`)
}

import type { BareJid } from '../core/address.ts'
import type { Directory } from '../directory/directory.ts'
import { ApiError } from './api-error.ts'

/** The account that any of its addresses names. Throws `ApiError` BAD_ADDRESS, UNKNOWN_ADDRESS, AMBIGUOUS_ADDRESS. */
export async function requireAccount(directory: Directory, address: string): Promise<BareJid> {
  const resolution = await directory.resolve(address)
  switch (resolution.kind) {
    case 'user':
      return resolution.account
    case 'malformed':
      throw new ApiError('BAD_ADDRESS', `${address} is not an address`)
    case 'unknown':
      throw new ApiError('UNKNOWN_ADDRESS', `no user has the address ${address}`)
    case 'ambiguous':
      throw new ApiError('AMBIGUOUS_ADDRESS', `several users have the number ${address}`)
  }
}

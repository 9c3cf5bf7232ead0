/** Why the directory refuses a change. Codes are part of the API and of the command line: they stay. */
import type { BareJid } from '../core/address.ts'

export type DirectoryErrorCode =
  | 'NO_SUCH_DOMAIN'
  | 'DOMAIN_EXISTS'
  | 'DOMAIN_NOT_EMPTY'
  | 'BAD_DOMAIN'
  | 'NO_SUCH_USER'
  | 'USER_EXISTS'
  | 'BAD_ACCOUNT'
  | 'BAD_NAME'
  | 'BAD_PASSWORD'
  | 'NO_SUCH_ADDRESS'
  | 'NO_SUCH_DEVICE'
  | 'ADDRESS_TAKEN'
  | 'ADDRESS_EXISTS'
  | 'BAD_ADDRESS'
  | 'TOO_MANY_ADDRESSES'
  | 'TOO_MANY_CONTACTS'
  | 'TOO_MUCH_DATA'
  | 'BUSY'

export class DirectoryError extends Error {
  readonly code: DirectoryErrorCode
  /** With `ADDRESS_TAKEN`: who has it. For administrators only; the message does not tell. */
  readonly holder: BareJid | undefined

  constructor(code: DirectoryErrorCode, message: string, holder?: BareJid) {
    super(message)
    this.name = 'DirectoryError'
    this.code = code
    this.holder = holder
  }
}

export function noSuchUser(account: string): DirectoryError {
  return new DirectoryError('NO_SUCH_USER', `there is no user ${account}`)
}

export function userExists(account: string): DirectoryError {
  return new DirectoryError('USER_EXISTS', `the user ${account} exists already`)
}

export function addressTaken(type: string, owner: BareJid): DirectoryError {
  return new DirectoryError('ADDRESS_TAKEN', `another user has this ${type} address`, owner)
}

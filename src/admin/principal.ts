/** Who is calling, and what he may call. */
import type { BareJid } from '../core/address.ts'
import type { Directory } from '../directory/directory.ts'
import { ApiError } from './api-error.ts'

export interface Administrator {
  readonly role: 'administrator'
  /** For the audit log. */
  readonly name: string
}

/** One who may call what is about himself. */
export interface SignedInUser {
  readonly role: 'user'
  /** His account. */
  readonly name: string
  readonly account: BareJid
}

export type Principal = Administrator | SignedInUser

/** What a route says of itself. */
export interface RouteRights {
  /** Users too, where `:address` is one of their own. */
  readonly self?: boolean
  /** Users too. */
  readonly anyUser?: boolean
}

/** Whoever may open the Unix socket in the data directory. */
export const LOCAL: Administrator = { role: 'administrator', name: 'local' }

/**
 * Throws `ApiError` FORBIDDEN, for an address that is nobody's as for another's: a user learns
 * nothing here of who exists.
 */
export async function requireRight(
  directory: Directory,
  principal: Principal,
  { rights, params }: { rights: RouteRights; params: unknown },
): Promise<void> {
  if (principal.role === 'administrator' || rights.anyUser) return
  const address = rights.self ? addressOf(params) : undefined
  const found = address === undefined ? undefined : await directory.resolve(address)
  if (found?.kind !== 'user' || found.account !== principal.account) throw new ApiError('FORBIDDEN')
}

function addressOf(params: unknown): string | undefined {
  if (typeof params !== 'object' || params === null || !('address' in params)) return undefined
  return typeof params.address === 'string' ? params.address : undefined
}

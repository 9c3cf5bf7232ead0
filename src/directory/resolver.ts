/**
 * Finds the one presentity that an address means.
 * The literal address comes first. A number, given alone or at a host of ours that is nobody's domain
 * (a proxy's name, say), then finds the only user who has it; where two have it, nobody is guessed.
 */
import type { BareJid } from '../core/address.ts'
import type { Queryable } from '../storage/database.ts'
import { findHandle, findNumbers } from '../storage/stores/addresses.ts'
import { type Lookup, parseLookup } from './handles.ts'

export type Resolution =
  | { readonly kind: 'user'; readonly account: BareJid }
  | { readonly kind: 'unknown' } // well-formed, nobody's
  | { readonly kind: 'ambiguous' } // a number that several users have in different domains
  | { readonly kind: 'malformed' }

interface ResolverDeps {
  db: Queryable
  isLocal(domain: string): boolean
}

export async function resolveAddress(deps: ResolverDeps, text: string): Promise<Resolution> {
  const lookup = parseLookup(text)
  if (!lookup) return { kind: 'malformed' }
  const owner = lookup.handle && (await findHandle(deps.db, lookup.handle))
  if (owner) return { kind: 'user', account: owner as BareJid }
  if (!lookup.number || !mayStandAlone(deps, lookup)) return { kind: 'unknown' }
  return resolveNumber(deps, lookup.number)
}

async function resolveNumber({ db }: ResolverDeps, number: string): Promise<Resolution> {
  if (number.startsWith('+')) {
    const owner = await findHandle(db, number)
    if (owner) return { kind: 'user', account: owner as BareJid }
  }
  // Digits alone may be a private number, or an E.164 one whose plus a phone could not enter.
  const accounts = await findNumbers(db, number.startsWith('+') ? [number] : [number, `+${number}`])
  const [account, another] = accounts
  if (account === undefined) return { kind: 'unknown' }
  return another === undefined
    ? { kind: 'user', account: account as BareJid }
    : { kind: 'ambiguous' }
}

/** Whether the number means the same without the host that came with it. */
export function mayStandAlone(
  { isLocal }: Pick<ResolverDeps, 'isLocal'>,
  { number, host, phone }: Lookup,
): boolean {
  if (host === undefined) return true
  const isOurs = isLocal(host)
  // An E.164 number is the same everywhere, but another enterprise's gateway may serve it itself.
  if (number?.startsWith('+') && (phone || isOurs)) return true
  // A private number at one of our domains is that domain's, unless it is marked as a phone's.
  return isOurs ? phone : isBelow(host, isLocal)
}

function isBelow(host: string, isLocal: (domain: string) => boolean): boolean {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    if (isLocal(host.slice(dot + 1))) return true
  }
  return false
}

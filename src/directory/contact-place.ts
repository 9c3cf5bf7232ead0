import { type BareJid, domainOf, localOf, parseJid } from '../core/address.ts'
import { parseLookup } from './handles.ts'
import { mayStandAlone } from './resolver.ts'

/** How a contact stands on a list whose address nobody of the system has. */
export interface ContactPlace {
  readonly contact: BareJid
  /** What resolves to a user as soon as he has the address: the normal form of what was given. */
  readonly awaits: string
}

/**
 * A number that stands alone is, like one that a phone sends, at the domain of the list's owner.
 * `undefined` where no list can have the address: what is no user's, or fits no JID.
 */
export function contactPlace(
  deps: { isLocal(domain: string): boolean },
  address: string,
  owner: BareJid,
): ContactPlace | undefined {
  const lookup = parseLookup(address)
  if (!lookup) return undefined
  const { handle, number } = lookup
  if (number !== undefined && mayStandAlone(deps, lookup)) {
    const jid = parseJid(`${number}@${domainOf(owner)}`)
    return jid && { contact: jid.bare, awaits: number }
  }
  const jid = handle === undefined ? undefined : parseJid(handle)
  if (handle === undefined || !jid || jid.resource !== '' || localOf(jid.bare) === '') {
    return undefined
  }
  return { contact: jid.bare, awaits: handle }
}

/** One contact of one user: RFC 6121 §2.1.2 and the states of its appendix A. */
import type { BareJid } from '../core/address.ts'
import { flag } from '../storage/schema/columns.ts'
import type { RosterItemsTable } from '../storage/schema/rosters.ts'

export const SUBSCRIPTIONS = ['none', 'to', 'from', 'both'] as const
export type Subscription = (typeof SUBSCRIPTIONS)[number]

export interface RosterItem {
  readonly contact: BareJid
  /** Possibly empty. */
  readonly name: string
  readonly groups: readonly string[]
  readonly subscription: Subscription
  /** The user asked to see the contact's presence and waits for the answer (`ask='subscribe'`). */
  readonly pendingOut: boolean
  /** The contact asked, and the user has not answered. */
  readonly pendingIn: boolean
  /** The contact's request as it came, shown to the user whenever he signs in (RFC 6121 §3.1.3). */
  readonly pendingInStanza?: string | undefined
  /** Approved before the contact asked (RFC 6121 §3.4). */
  readonly approved: boolean
  /** False where the item is only a request that the user has not answered, which no roster shows. */
  readonly inRoster: boolean
}

/** A contact that nothing is known about yet: the starting point of a change. */
export function newRosterItem(contact: BareJid): RosterItem {
  return {
    contact,
    name: '',
    groups: [],
    subscription: 'none',
    pendingOut: false,
    pendingIn: false,
    pendingInStanza: undefined,
    approved: false,
    inRoster: true,
  }
}

export function parseRosterItem(row: RosterItemsTable): RosterItem {
  return {
    contact: row.contact as BareJid,
    name: row.name,
    groups: JSON.parse(row.groups) as string[],
    subscription: row.subscription as Subscription,
    pendingOut: row.pending_out === 1,
    pendingIn: row.pending_in === 1,
    pendingInStanza: row.pending_in_stanza ?? undefined,
    approved: row.approved === 1,
    inRoster: row.in_roster === 1,
  }
}

export function serializeRosterItem(
  account: BareJid,
  item: RosterItem,
  version: number,
): RosterItemsTable {
  return {
    account,
    contact: item.contact,
    name: item.name,
    groups: JSON.stringify(item.groups),
    subscription: item.subscription,
    pending_out: flag(item.pendingOut),
    pending_in: flag(item.pendingIn),
    pending_in_stanza: item.pendingInStanza ?? null,
    approved: flag(item.approved),
    in_roster: flag(item.inRoster),
    version,
  }
}

/** Contacts as the database keeps them. */
import type { BareJid } from '../core/address.ts'
import type { RosterItem, Subscription } from '../core/presence/roster-item.ts'
import { flag } from '../storage/schema/columns.ts'
import type { RosterItemsTable } from '../storage/schema/rosters.ts'

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
    byPolicy: row.by_policy === 1,
    awaits: row.awaits ?? undefined,
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
    by_policy: flag(item.byPolicy),
    awaits: item.awaits ?? null,
    in_roster: flag(item.inRoster),
    version,
  }
}

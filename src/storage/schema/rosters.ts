import type { Flag } from './columns.ts'

/** RFC 6121 §2.6: each change of a roster has the next number. */
export interface RosterVersionsTable {
  account: string
  /** Random, so that versions of a deleted account's roster are never taken for those of its successor. */
  epoch: string
  version: number
  /** Changes after this version can be told one by one; older removals are forgotten. */
  deltas_from: number
}

export interface RosterItemsTable {
  account: string
  contact: string
  name: string
  /** JSON array of group names. */
  groups: string
  /** `none`, `to`, `from` or `both`. */
  subscription: string
  pending_out: Flag
  pending_in: Flag
  /** The subscription request as it came, to be shown again (RFC 6121 §3.1.3). */
  pending_in_stanza: string | null
  approved: Flag
  /** 1 where the access rules let the contact subscribe, not the user. */
  by_policy: Flag
  /** The address that this contact goes by until a user of the system has it. */
  awaits: string | null
  /** 0 where the row exists only for a request that the user has not answered. */
  in_roster: Flag
  /** The roster's version at which this item last changed. */
  version: number
}

/** Contacts that are no longer there, so that a client can be told what changed while it was away. */
export interface RosterRemovalsTable {
  account: string
  contact: string
  version: number
}

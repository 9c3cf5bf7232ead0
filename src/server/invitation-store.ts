/** Invitations (XEP-0401) as XMPP sees them, in the database. */
import type { BareJid } from '../core/address.ts'
import type { Database } from '../storage/database.ts'
import { flag } from '../storage/schema/columns.ts'
import { type InvitationRow, InvitationRows } from '../storage/stores/invitations.ts'
import type { Invitation, InvitationStore } from '../xmpp/invitations/invitations.ts'

export function invitationStore(database: Database): InvitationStore {
  const rows = new InvitationRows(database)
  return {
    add: (invitation, limits) => rows.add(serialize(invitation), limits),
    async find(hash) {
      const row = await rows.find(hash)
      return row && parse(row)
    },
    isReserved: (account, now) => rows.isReserved(account, now),
    take: (hash) => rows.take(hash),
    putBack: (invitation) => rows.putBack(serialize(invitation)),
  }
}

function parse(row: InvitationRow): Invitation {
  return {
    hash: row.token_hash,
    inviter: row.inviter as BareJid,
    domain: row.domain,
    account: row.account === null ? undefined : (row.account as BareJid),
    kind: row.kind === 'account' ? 'account' : 'contact',
    befriends: row.befriends === 1,
    expiresAt: row.expires_at,
  }
}

function serialize(invitation: Invitation): InvitationRow {
  const { hash, inviter, domain, account = null, kind, befriends, expiresAt } = invitation
  return {
    ...{ token_hash: hash, inviter, domain, account, kind },
    befriends: flag(befriends),
    expires_at: expiresAt,
  }
}

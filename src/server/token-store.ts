/** Tokens of clients (XEP-0484) as XMPP sees them, in the database. */
import type { BareJid } from '../core/address.ts'
import type { Database } from '../storage/database.ts'
import { type FastTokenRow, FastTokenRows } from '../storage/stores/fast-tokens.ts'
import type { StoredToken, TokenStore } from '../xmpp/sasl/fast/fast-tokens.ts'

export function fastTokenStore(database: Database): TokenStore {
  const rows = new FastTokenRows(database)
  return {
    find: async (account, client) => (await rows.find({ account, client })).map(parseToken),
    put: (token, maxClients) => rows.put(serializeToken(token), maxClients),
    use: (token, use) => rows.use(serializeToken(token), use),
    remove: (account, client) => rows.remove({ account, client }),
    removeExpired: (now) => rows.removeExpired(now),
  }
}

function parseToken(row: FastTokenRow): StoredToken {
  return {
    account: row.account as BareJid,
    client: row.client,
    slot: row.slot === 'new' ? 'new' : 'current',
    seed: row.seed,
    mechanism: row.mechanism,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    count: row.count,
    software: row.software ?? undefined,
    device: row.device ?? undefined,
  }
}

function serializeToken(token: StoredToken): FastTokenRow {
  const { issuedAt, expiresAt, usedAt, software = null, device = null, ...same } = token
  return {
    ...same,
    issued_at: issuedAt,
    expires_at: expiresAt,
    used_at: usedAt,
    software,
    device,
  }
}

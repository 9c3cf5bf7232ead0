/** Registered contacts (RFC 3261 §10.3) that can be reached again after a restart. */
import type { Database } from '../database.ts'
import type { SipBindingsTable } from '../schema/sip.ts'

export interface BindingRecord {
  /** Also the name of the core session. */
  readonly id: string
  readonly account: string
  readonly contact: string
  /** +sip.instance (RFC 5626 §4.1). */
  readonly instance: string | undefined
  readonly regId: number | undefined
  readonly callId: string
  readonly cseq: number
  /** 0…1 */
  readonly q: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly transport: string
  /** Path URIs (RFC 3327), nearest first. */
  readonly path: readonly string[]
  /** Where the REGISTER came from, `host:port`. */
  readonly received: string | undefined
  readonly userAgent: string | undefined
  /** Of the first REGISTER and of the last, in milliseconds since the epoch. */
  readonly since: number
  readonly registeredAt: number
  /** Of temporary GRUUs (RFC 5627 §5.1). */
  readonly series: string | undefined
}

export interface BindingStore {
  /** All or nothing: deletes `remove`, then writes or overwrites `put` by id. */
  replace(put: readonly BindingRecord[], remove: readonly string[]): Promise<void>
  /** Those that end after `now`; the others are deleted. */
  load(now: number): Promise<BindingRecord[]>
}

export function sipBindings({
  kysely,
  transaction,
}: Pick<Database, 'kysely' | 'transaction'>): BindingStore {
  return {
    async replace(put, remove) {
      await transaction(async (trx) => {
        if (remove.length > 0) {
          await trx.deleteFrom('sip_bindings').where('id', 'in', remove).execute()
        }
        for (const record of put) {
          const { id, ...columns } = toRow(record)
          await trx
            .insertInto('sip_bindings')
            .values({ id, ...columns })
            .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
            .execute()
        }
      })
    },

    async load(now) {
      await kysely.deleteFrom('sip_bindings').where('expires_at', '<=', now).execute()
      const rows = await kysely.selectFrom('sip_bindings').selectAll().execute()
      return rows.map(toRecord)
    },
  }
}

function toRow(record: BindingRecord): SipBindingsTable {
  const { id, account, contact, cseq, q, transport } = record
  return {
    id,
    account,
    contact,
    instance: record.instance ?? null,
    reg_id: record.regId ?? null,
    call_id: record.callId,
    cseq,
    q,
    expires_at: record.expiresAt,
    transport,
    path: JSON.stringify(record.path),
    received: record.received ?? null,
    user_agent: record.userAgent ?? null,
    since: record.since,
    registered_at: record.registeredAt,
    gruu_series: record.series ?? null,
  }
}

function toRecord(row: SipBindingsTable): BindingRecord {
  const { id, account, contact, cseq, q, transport } = row
  return {
    id,
    account,
    contact,
    instance: row.instance ?? undefined,
    regId: row.reg_id ?? undefined,
    callId: row.call_id,
    cseq,
    q,
    expiresAt: row.expires_at,
    transport,
    path: parsePath(row.path),
    received: row.received ?? undefined,
    userAgent: row.user_agent ?? undefined,
    since: row.since,
    registeredAt: row.registered_at,
    series: row.gruu_series ?? undefined,
  }
}

function parsePath(json: string): string[] {
  const path: unknown = JSON.parse(json)
  return Array.isArray(path) ? path.filter((uri) => typeof uri === 'string') : []
}

/** Subscriptions that this server notifies (RFC 6665 §4.2) and that can outlive a restart of it. */
import type { Database } from '../database.ts'
import type { SipSubscriptionsTable } from '../schema/sip.ts'
import { deleteById, upsertById } from '../written-once.ts'
import { getSetting, putSetting } from './settings.ts'

export interface SubscriptionRecord {
  readonly id: string
  readonly presentity: string
  readonly watcher: string
  readonly event: string
  readonly status: string
  /** JSON, written and read by the notifier alone. */
  readonly dialog: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly expiresAt: number
}

export interface SubscriptionStore {
  /** Counts the runs of the server on this database: the answer is one more each time, and committed. */
  nextRun(now: number): Promise<number>
  /** Writes or overwrites the record with this id. */
  put(record: SubscriptionRecord): Promise<void>
  remove(id: string): Promise<void>
  /** Those that end after `now`; the others are deleted. */
  load(now: number): Promise<SubscriptionRecord[]>
}

const RUN = 'sip.run'

const COLUMNS = [
  'id',
  'presentity',
  'watcher',
  'event',
  'status',
  'dialog',
  'created_at',
  'expires_at',
] as const satisfies readonly (keyof SipSubscriptionsTable)[]

const CHANGING = ['status', 'dialog', 'expires_at'] as const

export function sipSubscriptions(database: Pick<Database, 'kysely' | 'write'>): SubscriptionStore {
  const { kysely } = database
  const put = upsertById(database, 'sip_subscriptions', COLUMNS, CHANGING)
  return {
    put: (record) => put(toRow(record)),
    remove: deleteById(database, 'sip_subscriptions'),

    async nextRun(now) {
      const last = await getSetting(kysely, RUN)
      const value = (typeof last === 'number' ? last : 0) + 1
      await putSetting(kysely, RUN, { value, now })
      return value
    },

    async load(now) {
      await kysely.deleteFrom('sip_subscriptions').where('expires_at', '<=', now).execute()
      const rows = await kysely.selectFrom('sip_subscriptions').selectAll().execute()
      return rows.map(toRecord)
    },
  }
}

function toRow({ createdAt, expiresAt, ...same }: SubscriptionRecord): SipSubscriptionsTable {
  return { ...same, created_at: createdAt, expires_at: expiresAt }
}

function toRecord({ created_at, expires_at, ...same }: SipSubscriptionsTable): SubscriptionRecord {
  return { ...same, createdAt: created_at, expiresAt: expires_at }
}

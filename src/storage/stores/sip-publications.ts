/** Live event publications (RFC 3903 §6), so that an entity-tag outlives a restart. */
import type { Database } from '../database.ts'
import type { SipPublicationsTable } from '../schema/sip.ts'
import { deleteById, upsertById } from '../written-once.ts'

export interface PublicationRecord {
  readonly id: string
  readonly presentity: string
  readonly event: string
  readonly etag: string
  readonly contentType: string
  readonly body: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface PublicationStore {
  /** Writes or overwrites the record with this id. */
  put(record: PublicationRecord): Promise<void>
  remove(id: string): Promise<void>
  /** Those that end after `now`; the others are deleted. */
  load(now: number): Promise<PublicationRecord[]>
}

const COLUMNS = [
  'id',
  'presentity',
  'event',
  'etag',
  'content_type',
  'body',
  'expires_at',
] as const satisfies readonly (keyof SipPublicationsTable)[]

/** Of a publication that is modified; to name others would have their indexes written again. */
const CHANGING = ['etag', 'content_type', 'body', 'expires_at'] as const

export function sipPublications(database: Pick<Database, 'kysely' | 'write'>): PublicationStore {
  const { kysely } = database
  const put = upsertById(database, 'sip_publications', COLUMNS, CHANGING)
  return {
    put: (record) => put(toRow(record)),
    remove: deleteById(database, 'sip_publications'),

    async load(now) {
      await kysely.deleteFrom('sip_publications').where('expires_at', '<=', now).execute()
      const rows = await kysely.selectFrom('sip_publications').selectAll().execute()
      return rows.map(toRecord)
    },
  }
}

function toRow(record: PublicationRecord): SipPublicationsTable {
  const { id, presentity, event, etag, contentType, body, expiresAt } = record
  return { id, presentity, event, etag, content_type: contentType, body, expires_at: expiresAt }
}

function toRecord(row: SipPublicationsTable): PublicationRecord {
  const { id, presentity, event, etag, content_type, body, expires_at } = row
  return { id, presentity, event, etag, contentType: content_type, body, expiresAt: expires_at }
}

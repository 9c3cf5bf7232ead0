/** What is known of the files that users shared (XEP-0363). */
import { sql } from 'kysely'
import type { Queryable } from '../database.ts'
import type { UploadsTable } from '../schema/uploads.ts'

export type UploadState = 'arriving' | 'stored' | 'removed'

export interface UploadRecord {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly contentType: string
  /** Bytes. */
  readonly size: number
  readonly purpose: string
  readonly createdAt: number
  /** Milliseconds since the epoch; `undefined` for one that stays. */
  readonly expiresAt: number | undefined
}

export interface StoredUpload extends UploadRecord {
  readonly state: UploadState
}

export interface Usage {
  readonly files: number
  readonly bytes: number
}

/** So many bytes come or go at that time. */
export interface Change {
  readonly size: number
  readonly at: number
}

/** One whose file is to go. */
export interface Over {
  readonly id: string
  readonly size: number
}

export interface UploadPage {
  /** Only those that came after this one, which is known. */
  readonly after?: string | undefined
  readonly limit: number
}

export class UploadRecords {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  /** False where there is one with this id. Rejects where the account does not exist. */
  async add(record: UploadRecord): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('uploads')
      .values(serializeUpload(record))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }

  /** Its file is there. False where its user is gone. */
  async finish(id: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('uploads')
      .set({ state: 'stored' })
      .where('id', '=', id)
      .where('state', '=', 'arriving')
      .where('account', 'is not', null)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Forgets one whose file did not come. */
  async discard(id: string): Promise<void> {
    await this.#db
      .deleteFrom('uploads')
      .where('id', '=', id)
      .where('state', '=', 'arriving')
      .execute()
  }

  /** `undefined`, too, once its user is gone. */
  async get(id: string): Promise<StoredUpload | undefined> {
    const row = await this.#db
      .selectFrom('uploads')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    return row && parseUpload(row)
  }

  /** Those that have a file, in order of arrival. */
  async list(account: string, { after, limit }: UploadPage): Promise<UploadRecord[]> {
    const rows = await this.#db
      .selectFrom('uploads')
      .selectAll()
      .where('account', '=', account)
      .where('state', '=', 'stored')
      .$if(after !== undefined, (query) =>
        query.where(
          sql<boolean>`(created_at, id) > (select created_at, id from uploads where id = ${after})`,
        ),
      )
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(parseUpload).filter((upload) => upload !== undefined)
  }

  /** What these purposes hold, those that are arriving included. */
  held(account: string, purposes: readonly string[]): Promise<Usage> {
    return usage(this.#room.where('account', '=', account).where('purpose', 'in', purposes))
  }

  /** Of all users. */
  total(): Promise<Usage> {
    return usage(this.#room)
  }

  /** What came since, whatever became of it. */
  came(account: string, since: number): Promise<Usage> {
    return usage(this.#sums.where('account', '=', account).where('created_at', '>', since))
  }

  /** When each of those that came since came, the first ones first. */
  async arrivals(
    account: string,
    { since, limit }: { since: number; limit: number },
  ): Promise<Change[]> {
    const rows = await this.#db
      .selectFrom('uploads')
      .select(['size', 'created_at as at'])
      .where('account', '=', account)
      .where('created_at', '>', since)
      .orderBy('created_at')
      .limit(limit)
      .execute()
    return rows.map(({ size, at }) => ({ size, at }))
  }

  /** When those of these purposes that do not stay end, the first ones first. */
  async departures(
    account: string,
    { purposes, limit }: { purposes: readonly string[]; limit: number },
  ): Promise<Change[]> {
    const rows = await this.#db
      .selectFrom('uploads')
      .select(['size', 'expires_at as at'])
      .where('account', '=', account)
      .where('state', '!=', 'removed')
      .where('purpose', 'in', purposes)
      .where('expires_at', 'is not', null)
      .orderBy('expires_at')
      .limit(limit)
      .execute()
    return rows.map(({ size, at }) => ({ size, at: at ?? 0 }))
  }

  /** Those whose time is over. */
  async expired(now: number, limit: number): Promise<Over[]> {
    const rows = await this.#stored.where('expires_at', '<=', now).limit(limit).execute()
    return rows.map(({ id, size }) => ({ id, size }))
  }

  /** Those whose users are gone. */
  async orphaned(limit: number): Promise<Over[]> {
    const rows = await this.#stored.where('account', 'is', null).limit(limit).execute()
    return rows.map(({ id, size }) => ({ id, size }))
  }

  async arriving(): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('uploads')
      .select('id')
      .where('state', '=', 'arriving')
      .execute()
    return rows.map(({ id }) => id)
  }

  /** Its file is gone. False where that was known, or it has none. */
  async removed(id: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('uploads')
      // Not looked at any more by those who look for what is over.
      .set({ state: 'removed', expires_at: null })
      .where('id', '=', id)
      .where('state', '=', 'stored')
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Forgets those whose files are gone and that came before this instant, or that are nobody's. */
  async forgetRemoved(before: number): Promise<void> {
    await this.#db
      .deleteFrom('uploads')
      .where('state', '=', 'removed')
      .where(({ eb, or }) => or([eb('created_at', '<', before), eb('account', 'is', null)]))
      .execute()
  }

  /** Sums of those that take room. */
  get #room() {
    return this.#sums.where('state', '!=', 'removed')
  }

  get #sums() {
    const { fn } = this.#db
    return this.#db
      .selectFrom('uploads')
      .select([fn.countAll<number>().as('files'), fn.sum<number | null>('size').as('bytes')])
  }

  get #stored() {
    return this.#db.selectFrom('uploads').select(['id', 'size']).where('state', '=', 'stored')
  }
}

/** A sum of nothing is null. */
async function usage(sums: {
  executeTakeFirstOrThrow(): Promise<{ files: number; bytes: number | null }>
}): Promise<Usage> {
  const { files, bytes } = await sums.executeTakeFirstOrThrow()
  return { files, bytes: bytes ?? 0 }
}

function serializeUpload(record: UploadRecord): UploadsTable {
  const { id, account, name, contentType, size, purpose, createdAt, expiresAt } = record
  return {
    id,
    account,
    name,
    content_type: contentType,
    size,
    purpose,
    state: 'arriving',
    created_at: createdAt,
    expires_at: expiresAt ?? null,
  }
}

function parseUpload(row: UploadsTable): StoredUpload | undefined {
  const { id, account, name, size, purpose } = row
  if (account === null) return undefined
  return {
    id,
    account,
    name,
    contentType: row.content_type,
    size,
    purpose,
    state: row.state as UploadState,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
  }
}

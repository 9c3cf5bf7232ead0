/** Documents of users (`xcap_documents`), and what each claims for itself alone (`xcap_claims`). */
import type { Database, Queryable } from '../database.ts'
import type { XcapDocumentsTable } from '../schema/xcap.ts'

export type XcapDocumentRow = Readonly<XcapDocumentsTable>
export type XcapDocumentKey = Pick<XcapDocumentRow, 'account' | 'auid' | 'name'>
/** What a list of documents tells of each. */
export type XcapDocumentEntry = Omit<XcapDocumentRow, 'text' | 'mark'>

export interface XcapQuota {
  readonly documents: number
  /** Characters of all of them. */
  readonly characters: number
}

export type XcapPut =
  | { readonly kind: 'stored' }
  /** Others have these values; nothing was stored. */
  | { readonly kind: 'claimed'; readonly values: readonly string[] }
  | { readonly kind: 'over-quota' }

export class XcapDocumentRows {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  find(key: XcapDocumentKey): Promise<XcapDocumentRow | undefined> {
    return findDocument(this.#database.kysely, key)
  }

  /** In the order of their names. */
  async list(account: string): Promise<XcapDocumentEntry[]> {
    return await this.#database.kysely
      .selectFrom('xcap_documents')
      .select(['account', 'auid', 'name', 'updated_at'])
      .where('account', '=', account)
      .orderBy('auid')
      .orderBy('name')
      .execute()
  }

  /** Of all users, in order. */
  async ofUsage(auid: string): Promise<XcapDocumentRow[]> {
    return await this.#database.kysely
      .selectFrom('xcap_documents')
      .selectAll()
      .where('auid', '=', auid)
      .orderBy('account')
      .orderBy('name')
      .execute()
  }

  /** In place of the one with this key, and of what that one claimed. */
  put(row: XcapDocumentRow, claims: readonly string[], quota: XcapQuota): Promise<XcapPut> {
    return this.#database.transaction(async (trx): Promise<XcapPut> => {
      if (await isOver(trx, row, quota)) return { kind: 'over-quota' }
      const values = await takenByOthers(trx, row, claims)
      if (values.length > 0) return { kind: 'claimed', values }
      const { account, auid, name, ...rest } = row
      await trx
        .insertInto('xcap_documents')
        .values(row)
        .onConflict((conflict) => conflict.columns(['account', 'auid', 'name']).doUpdateSet(rest))
        .execute()
      await removeClaims(trx, row)
      for (const value of claims) {
        await trx.insertInto('xcap_claims').values({ auid, value, account, name }).execute()
      }
      return { kind: 'stored' }
    })
  }

  async remove(key: XcapDocumentKey): Promise<void> {
    await this.#database.transaction(async (trx) => {
      await removeClaims(trx, key)
      await trx
        .deleteFrom('xcap_documents')
        .where('account', '=', key.account)
        .where('auid', '=', key.auid)
        .where('name', '=', key.name)
        .execute()
    })
  }

  /** Whose document claims the value. */
  async claimant(auid: string, value: string): Promise<XcapDocumentKey | undefined> {
    return await this.#database.kysely
      .selectFrom('xcap_claims')
      .select(['account', 'auid', 'name'])
      .where('auid', '=', auid)
      .where('value', '=', value)
      .executeTakeFirst()
  }
}

async function findDocument(
  db: Queryable,
  { account, auid, name }: XcapDocumentKey,
): Promise<XcapDocumentRow | undefined> {
  return await db
    .selectFrom('xcap_documents')
    .selectAll()
    .where('account', '=', account)
    .where('auid', '=', auid)
    .where('name', '=', name)
    .executeTakeFirst()
}

async function isOver(
  trx: Queryable,
  { account, auid, name, text }: XcapDocumentRow,
  quota: XcapQuota,
): Promise<boolean> {
  const { count, characters } = await trx
    .selectFrom('xcap_documents')
    .select(({ fn }) => [
      fn.countAll().as('count'),
      fn.sum(fn<number>('length', ['text'])).as('characters'),
    ])
    .where('account', '=', account)
    .where(({ not, and, eb }) => not(and([eb('auid', '=', auid), eb('name', '=', name)])))
    .executeTakeFirstOrThrow()
  return (
    Number(count) >= quota.documents || Number(characters ?? 0) + text.length > quota.characters
  )
}

async function takenByOthers(
  trx: Queryable,
  { account, auid, name }: XcapDocumentRow,
  claims: readonly string[],
): Promise<string[]> {
  if (claims.length === 0) return []
  const rows = await trx
    .selectFrom('xcap_claims')
    .select('value')
    .where('auid', '=', auid)
    .where('value', 'in', claims)
    .where(({ not, and, eb }) => not(and([eb('account', '=', account), eb('name', '=', name)])))
    .orderBy('value')
    .execute()
  return rows.map(({ value }) => value)
}

async function removeClaims(trx: Queryable, key: XcapDocumentKey): Promise<void> {
  await trx
    .deleteFrom('xcap_claims')
    .where('account', '=', key.account)
    .where('auid', '=', key.auid)
    .where('name', '=', key.name)
    .execute()
}

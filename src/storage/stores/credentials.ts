import type { Queryable } from '../database.ts'
import type { CredentialsTable, DigestHashesTable } from '../schema/credentials.ts'

export function findCredential(
  db: Queryable,
  account: string,
  mechanism: string,
): Promise<CredentialsTable | undefined> {
  return db
    .selectFrom('credentials')
    .selectAll()
    .where('account', '=', account)
    .where('mechanism', '=', mechanism)
    .executeTakeFirst()
}

export async function findDigestHash(
  db: Queryable,
  { account, kind, algorithm }: Omit<DigestHashesTable, 'hash'>,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('digest_hashes')
    .select('hash')
    .where('account', '=', account)
    .where('kind', '=', kind)
    .where('algorithm', '=', algorithm)
    .executeTakeFirst()
  return row?.hash
}

/** What a password leaves behind replaces all that the one before it left. */
export async function replaceCredentials(
  db: Queryable,
  account: string,
  { keys, hashes }: { keys: CredentialsTable[]; hashes: DigestHashesTable[] },
): Promise<void> {
  await db.deleteFrom('credentials').where('account', '=', account).execute()
  await db.deleteFrom('digest_hashes').where('account', '=', account).execute()
  if (keys.length > 0) await db.insertInto('credentials').values(keys).execute()
  if (hashes.length > 0) await db.insertInto('digest_hashes').values(hashes).execute()
}

export async function deleteDigestHashes(
  db: Queryable,
  domain: string,
  { kind, algorithm }: { kind: string; algorithm: string },
): Promise<void> {
  await db
    .deleteFrom('digest_hashes')
    .where('kind', '=', kind)
    .where('algorithm', '=', algorithm)
    .where('account', 'in', (query) =>
      query.selectFrom('users').select('account').where('domain', '=', domain),
    )
    .execute()
}

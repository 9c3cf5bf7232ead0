import type { Queryable } from '../database.ts'
import type { CredentialsTable, DigestHashesTable } from '../schema/credentials.ts'

/** Of a user who is not disabled. */
export function findCredential(
  db: Queryable,
  account: string,
  mechanism: string,
): Promise<CredentialsTable | undefined> {
  return db
    .selectFrom('credentials')
    .innerJoin('users', 'users.account', 'credentials.account')
    .selectAll('credentials')
    .where('credentials.account', '=', account)
    .where('users.disabled', '=', 0)
    .where('mechanism', '=', mechanism)
    .executeTakeFirst()
}

/** Of a user who is not disabled. */
export async function findDigestHash(
  db: Queryable,
  { account, kind, algorithm }: Omit<DigestHashesTable, 'hash'>,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('digest_hashes')
    .innerJoin('users', 'users.account', 'digest_hashes.account')
    .select('hash')
    .where('digest_hashes.account', '=', account)
    .where('users.disabled', '=', 0)
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

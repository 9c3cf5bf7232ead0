import type { Queryable } from '../database.ts'
import type { CredentialsTable, DigestHashesTable } from '../schema/credentials.ts'
import { removeFastTokens } from './fast-tokens.ts'

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
  await removeFastTokens(db, account)
  if (keys.length > 0) await db.insertInto('credentials').values(keys).execute()
  if (hashes.length > 0) await db.insertInto('digest_hashes').values(hashes).execute()
}

/** Does nothing where the account has keys of that mechanism. */
export async function insertCredential(db: Queryable, row: CredentialsTable): Promise<void> {
  await db
    .insertInto('credentials')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Of accounts that have some, and not for all of so many mechanisms. */
export function listPartialCredentials(
  db: Queryable,
  mechanisms: number,
): Promise<Pick<CredentialsTable, 'account' | 'mechanism'>[]> {
  return db
    .selectFrom('credentials')
    .select(['account', 'mechanism'])
    .where('account', 'in', (query) =>
      query
        .selectFrom('credentials as partial')
        .select('partial.account')
        .groupBy('partial.account')
        .having((having) => having.fn.countAll<number>(), '<', mechanisms),
    )
    .execute()
}

/** Those for a realm of their own, too. */
export async function deleteDigestHashes(
  db: Queryable,
  domain: string,
  { kind, algorithm }: { kind: string; algorithm: string },
): Promise<void> {
  await db
    .deleteFrom('digest_hashes')
    .where((where) => where.or([where('kind', '=', kind), where('kind', 'like', `${kind}:%`)]))
    .where('algorithm', '=', algorithm)
    .where('account', 'in', (query) =>
      query.selectFrom('users').select('account').where('domain', '=', domain),
    )
    .execute()
}

import type { Queryable } from '../database.ts'
import type { Flag } from '../schema/columns.ts'
import type { DomainsTable } from '../schema/domains.ts'
import { AccessRules } from './access-rules.ts'

export function listDomains(db: Queryable): Promise<DomainsTable[]> {
  return db.selectFrom('domains').selectAll().orderBy('name').execute()
}

/** False where the domain is there already. */
export async function insertDomain(db: Queryable, domain: DomainsTable): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('domains')
    .values(domain)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export async function updateDomain(
  db: Queryable,
  name: string,
  settings: { digest_md5: Flag; sip_digest: string; composition: string },
): Promise<void> {
  await db.updateTable('domains').set(settings).where('name', '=', name).execute()
}

/** Takes with it the access rules about the domain. False, and nothing done, where the domain has users. */
export async function deleteDomain(db: Queryable, name: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('domains')
    .where('name', '=', name)
    .where((where) =>
      where.not(
        where.exists(where.selectFrom('users').select('account').where('domain', '=', name)),
      ),
    )
    .executeTakeFirst()
  if (numDeletedRows !== 1n) return false
  await new AccessRules(db).removeAbout(`@${name}`)
  return true
}

/** A database of an older program, with people in it, brought up to date. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Kysely, sql } from 'kysely'
import { type DatabaseKind, openDatabase } from '../../src/storage/database.ts'
import { migrate } from '../../src/storage/migrate.ts'
import { migrations } from '../../src/storage/migrations/index.ts'
import { openPostgres } from '../../src/storage/postgres.ts'
import type { Schema } from '../../src/storage/schema/schema.ts'
import { openSqlite } from '../../src/storage/sqlite.ts'
import { AccessRules } from '../../src/storage/stores/access-rules.ts'
import { listDomains } from '../../src/storage/stores/domains.ts'
import { ManualStatesTable } from '../../src/storage/stores/manual-states.ts'
import { findRosterItem, listRosterRequests } from '../../src/storage/stores/rosters.ts'
import { silentLog } from '../../src/util/log.ts'
import { disposeAfter, eachDatabase, freshUrl } from '../support/databases.ts'
import { FakeClock } from '../support/fake-clock.ts'

const clock = new FakeClock()

/** Writes `statements` into a database that has only the first `count` migrations. */
async function writeOld(
  url: string,
  { kind, count, statements }: { kind: DatabaseKind; count: number; statements: string[] },
): Promise<void> {
  const dialect =
    kind === 'postgres' ? openPostgres(url, silentLog) : openSqlite(url.slice('sqlite:'.length))
  const kysely = new Kysely<Schema>({ dialect })
  await migrate({ kysely, kind, clock }, migrations.slice(0, count))
  for (const statement of statements) await sql.raw(statement).execute(kysely)
  await kysely.destroy()
}

async function upgrade(t: TestContext, kind: DatabaseKind, count: number, statements: string[]) {
  const url = await freshUrl(kind, t)
  await writeOld(url, { kind, count, statements })
  return disposeAfter(t, await openDatabase(url, { clock }))
}

eachDatabase((kind) => {
  test('0002: domains, contacts and manual states go on as they were', async (t) => {
    const { kysely } = await upgrade(t, kind, 1, [
      `insert into domains (name, digest_md5, sip_digest, created_at) values ('a.example', 1, 'md5', 5)`,
      `insert into users (account, domain, name, disabled, created_at) values ('a@a.example', 'a.example', '', 0, 5)`,
      `insert into roster_items (account, contact, name, groups, subscription, pending_out, pending_in, approved, in_roster, version)
        values ('a@a.example', 'b@b.example', '', '[]', 'none', 0, 1, 0, 0, 1)`,
      `insert into presence_manual (account, state, since) values ('a@a.example', 'away', 6)`,
    ])
    const [domain] = await listDomains(kysely)
    assert.deepEqual(
      { ...domain },
      {
        name: 'a.example',
        digest_md5: 1,
        sip_digest: 'md5',
        created_at: 5,
        composition: 'enterprise',
      },
    )
    const [state] = await new ManualStatesTable(kysely).all()
    assert.equal(state?.clear, 'never')
    assert.deepEqual(await listRosterRequests(kysely), ['a@a.example'])
    const item = await findRosterItem(kysely, 'a@a.example', 'b@b.example')
    assert.deepEqual([item?.by_policy, item?.awaits], [0, null])
    assert.deepEqual(await new AccessRules(kysely).all(), [])
  })
})

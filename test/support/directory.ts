/** A directory on an empty database, with rounds few enough for tests that do not look at hashes. */
import type { TestContext } from 'node:test'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import type { Database } from '../../src/storage/database.ts'
import { silentLog } from '../../src/util/log.ts'
import type { OpenDatabase } from './databases.ts'
import { FakeClock } from './fake-clock.ts'

export const QUICK_ITERATIONS = {
  'SCRAM-SHA-1': 4_096,
  'SCRAM-SHA-256': 4_096,
  'SCRAM-SHA-512': 4_096,
}

export interface TestDirectory {
  database: Database
  directory: Directory
  clock: FakeClock
}

/** Has the domains `corp.example` and `west.example`. */
export async function openTestDirectory(
  t: TestContext,
  open: OpenDatabase,
): Promise<TestDirectory> {
  const clock = new FakeClock()
  const database = await open(t, { clock })
  const directory = await openDirectory(
    { database, clock, log: silentLog },
    { scramIterations: QUICK_ITERATIONS, contactLists: { maxContacts: 10 } },
  )
  await directory.addDomain('corp.example')
  await directory.addDomain('west.example')
  return { database, directory, clock }
}

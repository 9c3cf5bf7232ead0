/** All that the protocols stand on, in memory, with a clock that stands still. */
import { Messaging } from '../../src/core/messaging/messaging.ts'
import { PresenceService } from '../../src/core/presence/presence.ts'
import { Subscriptions } from '../../src/core/presence/subscriptions.ts'
import { Watchers } from '../../src/core/presence/watchers.ts'
import { Sessions } from '../../src/core/sessions.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import {
  accounts,
  grants,
  offlineStore,
  subscriptionPeople,
  subscriptionStore,
} from '../../src/server/stores.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { silentLog } from '../../src/util/log.ts'
import { testAccess } from '../../test/support/access.ts'
import { FakeClock } from '../../test/support/fake-clock.ts'

export const DOMAIN = 'example.com'

export type Core = Awaited<ReturnType<typeof openCore>>

/** Of one domain, whose users see each other. */
export async function openCore() {
  const shared = { clock: new FakeClock(), log: silentLog }
  const database = await openDatabase('sqlite::memory:', shared)
  const directory = await openDirectory({ ...shared, database })
  await directory.addDomain(DOMAIN)
  const access = testAccess({ ...shared, grants: grants(directory.contacts) })
  const sessions = new Sessions()
  const subscriptions = new Subscriptions({
    ...shared,
    access,
    store: subscriptionStore(directory.contacts),
    people: subscriptionPeople(directory),
  })
  const messaging = new Messaging({
    ...shared,
    access,
    sessions,
    accounts: accounts(directory),
    offline: await offlineStore(database.kysely, 100),
  })
  const presence = new PresenceService(shared)
  const watchers = new Watchers()
  return {
    ...shared,
    database,
    directory,
    access,
    sessions,
    subscriptions,
    messaging,
    presence,
    watchers,
  }
}

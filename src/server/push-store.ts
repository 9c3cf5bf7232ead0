/** Push services of users (XEP-0357) as XMPP sees them, in the database. */
import type { Database } from '../storage/database.ts'
import { PushServiceRows } from '../storage/stores/push-services.ts'
import type { Clock } from '../util/clock.ts'
import type { PushStore } from '../xmpp/push/push-service.ts'

export function pushStore(database: Database, clock: Clock): PushStore {
  const rows = new PushServiceRows(database)
  return {
    list: async (account) =>
      (await rows.list(account)).map(({ jid, node, options }) => {
        return { jid, node, options: options ?? undefined }
      }),
    put: (account, { options = null, ...service }, max) =>
      rows.put({ account, ...service, options, enabled_at: clock.now() }, max),
    remove: (account, jid, node) => rows.remove(account, jid, node),
  }
}

/** Notices (XEP-0133) as XMPP sees them, in the database. */
import type { Database } from '../storage/database.ts'
import { NoticeRows } from '../storage/stores/notices.ts'
import type { NoticeStore } from '../xmpp/notices/notices.ts'

export function noticeStore(database: Database): NoticeStore {
  const rows = new NoticeRows(database.kysely)
  return {
    all: async () =>
      (await rows.all()).map(({ kind, ...row }) => {
        return { ...row, kind: kind === 'welcome' ? 'welcome' : 'motd' }
      }),
    put: (notice) => rows.put(notice),
    remove: (domain, kind) => rows.remove(domain, kind),
    see: (account, id) => rows.see(account, id),
  }
}

/** Shared files as administrators, and users over the API, see them. */
import type { SharedFiles } from '../admin/services.ts'
import type { Uploads } from '../xmpp/upload/uploads.ts'

const PAGE = 500

export function fileDesk(uploads: Uploads): SharedFiles {
  return {
    async list(account, page) {
      const files = await uploads.list(account, page)
      return files.map((file) => ({ ...file, url: uploads.linkTo(file) }))
    },
    remove: (account, id) => uploads.remove(account, id),
    async removeAll(account) {
      for (;;) {
        // Those that are removed are no longer among them.
        const page = await uploads.list(account, { limit: PAGE })
        for (const { id } of page) await uploads.remove(account, id)
        if (page.length < PAGE) return
      }
    },
  }
}

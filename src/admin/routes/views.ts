/** What a watcher sees of a person, without being that watcher. */
import { Type } from 'typebox'
import { accessBody } from '../access-body.ts'
import { External, ViewBody } from '../access-schemas.ts'
import type { Api } from '../api.ts'
import { requirePerson } from '../patterns.ts'
import { presenceBody } from '../presence-body.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam } from '../schemas.ts'
import type { Services } from '../services.ts'

export function viewRoutes(app: Api, { access, directory, presence }: Services): void {
  app.get(
    '/api/v1/presence/:address/as/:watcher',
    {
      config: { self: true },
      schema: {
        summary: 'A person as a watcher would see him, and which rule makes it so',
        params: Type.Object({
          ...AddressParam.properties,
          watcher: Type.String({ minLength: 1, maxLength: 3071 }),
        }),
        querystring: Type.Object({ external: External }),
        response: { 200: Type.Object({ presentity: Type.String(), ...ViewBody.properties }) },
      },
    },
    async ({ params, query }) => {
      const presentity = await requireAccount(directory, params.address)
      const asked = { watcher: params.watcher, external: query.external }
      const watcher = await requirePerson(directory, asked)
      const asker = access.watcher(watcher, 'api')
      const { access: decided, reasons } = await access.explain(presentity, asker)
      const { document } = presence.view(presentity, decided.visible)
      const isSeen = decided.decision === 'allow'
      const mailbox = isSeen ? await directory.primaryUri(presentity, 'mailto') : undefined
      return {
        presentity,
        watcher,
        ...accessBody(decided, reasons),
        presence: presenceBody(document, mailbox),
      }
    },
  )
}

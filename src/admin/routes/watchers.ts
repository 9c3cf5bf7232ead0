/** Who watches whom now. */
import { Type } from 'typebox'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { WatchBody } from '../explain-schema.ts'
import { requirePerson } from '../patterns.ts'
import { requireAccount } from '../resolve.ts'
import type { Services } from '../services.ts'

const Address = Type.Optional(Type.String({ minLength: 1, maxLength: 3071 }))

export function watcherRoutes(app: Api, { directory, watchers }: Services): void {
  app.get(
    '/api/v1/watchers',
    {
      schema: {
        summary: 'Live watchers of one person, or those whom one person watches',
        querystring: Type.Object({ watching: Address, watched: Address }),
        response: {
          200: Type.Object({
            /** The address by which they were found. */
            address: Type.String(),
            watches: Type.Array(WatchBody),
          }),
        },
      },
    },
    async ({ query: { watching, watched } }) => {
      if ((watching === undefined) === (watched === undefined)) {
        throw new ApiError('BAD_REQUEST', 'give one of “watching” and “watched”')
      }
      if (watched !== undefined) {
        const address = await requireAccount(directory, watched)
        return { address, watches: await watchers.watched(address) }
      }
      const address = await requirePerson(directory, { watcher: watching ?? '' })
      return { address, watches: await watchers.watching(address) }
    },
  )
}

/** Those who asked to see a user, and his answers, whatever protocol they asked by. */
import { Type } from 'typebox'
import { type BareJid, parseJid } from '../../core/address.ts'
import { ALL_LEVEL } from '../../core/presence/access/access-level.ts'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { findWatcher } from '../patterns.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, Done } from '../schemas.ts'
import type { Services } from '../services.ts'
import { WatchRequestsBody, watchRequestsBody } from '../watch-requests.ts'

const REQUESTS = '/api/v1/users/:address/watch-requests'

const Answer = Type.Object(
  {
    action: Type.Enum(['allow', 'block']),
    level: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        default: ALL_LEVEL.name,
        description: 'How much is allowed, the rest being blocked; or how much is blocked.',
      }),
    ),
  },
  { additionalProperties: false },
)

export function watchRequestRoutes(app: Api, services: Services): void {
  const { access, directory, subscriptions } = services

  app.get(
    REQUESTS,
    {
      config: { self: true },
      schema: {
        summary: 'Who waits for a user’s word',
        params: AddressParam,
        response: { 200: WatchRequestsBody },
      },
    },
    async ({ params }) =>
      watchRequestsBody(subscriptions, await requireAccount(directory, params.address)),
  )

  app.post(
    `${REQUESTS}/:watcher`,
    {
      config: { self: true },
      schema: {
        summary: 'Answer a request for a user; it holds for every protocol at once',
        params: Type.Object({
          ...AddressParam.properties,
          watcher: Type.String({ minLength: 1, maxLength: 3071 }),
        }),
        body: Answer,
        response: { 204: Done },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const { action, level = ALL_LEVEL.name } = body
      request.subject = `${params.address} ${params.watcher} ${level} ${action}`
      const presentity = await requireAccount(directory, params.address)
      const watcher = await requireWaiting(services, presentity, params.watcher)
      await access.answer(presentity, watcher, { action, level })
      return reply.status(204).send()
    },
  )
}

/** As he is called in the list, or by any address of his. */
async function requireWaiting(
  { directory, subscriptions }: Services,
  presentity: BareJid,
  text: string,
): Promise<BareJid> {
  const waiting = (await subscriptions.waiting(presentity)).map(({ watcher }) => watcher)
  const named = parseJid(text)?.bare
  const found = waiting.find((watcher) => watcher === named)
  if (found) return found
  const account = await findWatcher(directory, { watcher: text })
  const other = waiting.find((watcher) => watcher === account)
  if (other) return other
  throw new ApiError('NO_SUCH_REQUEST')
}

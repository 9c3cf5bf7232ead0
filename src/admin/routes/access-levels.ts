/** Named parts of a person's presence, for rules to speak of. */
import { Type } from 'typebox'
import { levelBody } from '../access-body.ts'
import { Existing, LevelBody, LevelParam, LevelPut } from '../access-schemas.ts'
import type { Api } from '../api.ts'
import { Done } from '../schemas.ts'
import type { Services } from '../services.ts'

export function accessLevelRoutes(app: Api, { access }: Services): void {
  app.get(
    '/api/v1/access-levels',
    {
      config: { anyUser: true },
      schema: {
        summary: 'List the access levels',
        response: { 200: Type.Object({ levels: Type.Array(LevelBody) }) },
      },
    },
    () => ({ levels: access.levels().map(levelBody) }),
  )

  app.put(
    '/api/v1/access-levels/:name',
    {
      schema: {
        summary: 'Define an access level; what rules say by it holds at once',
        params: LevelParam,
        querystring: Existing,
        body: LevelPut,
        response: { 200: LevelBody },
      },
    },
    async (request) => {
      const { params, query, body } = request
      const { classes, inverted = false } = body
      request.subject = `${params.name} ${inverted ? 'all but ' : ''}${classes.join(',')}`
      await access.putLevel({ name: params.name, classes, inverted }, query.existing)
      return levelBody(access.level(params.name))
    },
  )

  app.delete(
    '/api/v1/access-levels/:name',
    {
      schema: {
        summary: 'Remove an access level that no rule uses',
        params: LevelParam,
        response: { 204: Done },
      },
    },
    async ({ params }, reply) => {
      await access.removeLevel(params.name)
      return reply.status(204).send()
    },
  )
}

/** Sign-in of administrators and users, administrators’ passwords, and the audit log. */
import { Type } from 'typebox'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Principal } from '../principal.ts'
import { Done } from '../schemas.ts'
import type { Services } from '../services.ts'

const Password = Type.String({ minLength: 1, maxLength: 1024 })

export function signInRoutes(app: Api, services: Services): void {
  const { signIn, audit } = services
  app.post(
    '/api/v1/sessions',
    {
      config: { public: true, rateLimit: { max: 10, timeWindow: '1 minute' } },
      schema: {
        summary: 'Sign in and get a bearer token',
        body: Type.Object({
          name: Type.String({
            minLength: 1,
            maxLength: 2047,
            description: 'An administrator’s name, or a user’s account.',
          }),
          password: Password,
        }),
        response: {
          200: Type.Object({
            token: Type.String(),
            expiresAt: Type.String({ format: 'date-time' }),
          }),
        },
      },
    },
    async (request) => {
      const { body, ip } = request
      const principal = await checkPassword(services, body, ip)
      request.principal = principal
      const { token, expiresAt } = signIn.issueToken(principal)
      return { token, expiresAt: new Date(expiresAt).toISOString() }
    },
  )

  app.delete(
    '/api/v1/sessions/current',
    {
      config: { anyUser: true },
      schema: {
        summary: 'Sign out: the bearer token of this request ends',
        response: { 204: Done },
      },
    },
    async (request, reply) => {
      const token = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
      if (token === undefined) throw new ApiError('BAD_REQUEST', 'sign out with the token to end')
      signIn.revoke(token)
      return reply.status(204).send()
    },
  )

  app.put(
    '/api/v1/administrators/:name/password',
    {
      schema: {
        summary: 'Set an administrator’s password; an administrator who does not exist is made',
        params: Type.Object({ name: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }) }),
        body: Type.Object({ password: Password }),
        response: { 204: Done },
      },
    },
    async ({ params, body }, reply) => {
      await signIn.setPassword(params.name, body.password)
      return reply.status(204).send()
    },
  )

  app.get(
    '/api/v1/audit',
    {
      schema: {
        summary: 'Who changed what, newest first',
        querystring: Type.Object({
          before: Type.Optional(Type.Integer({ minimum: 1 })),
          limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
        }),
        response: {
          200: Type.Object({
            entries: Type.Array(
              Type.Object({
                id: Type.Integer(),
                at: Type.String({ format: 'date-time' }),
                actor: Type.String(),
                action: Type.String(),
                target: Type.String(),
                outcome: Type.String(),
                source: Type.String(),
              }),
            ),
          }),
        },
      },
    },
    async ({ query }) => {
      const { before, limit } = query
      const records = await audit.list(before === undefined ? { limit } : { before, limit })
      return {
        entries: records.map((record) => ({ ...record, at: new Date(record.at).toISOString() })),
      }
    },
  )
}

async function checkPassword(
  { signIn, log }: Services,
  given: { name: string; password: string },
  address: string,
): Promise<Principal> {
  try {
    return await signIn.checkPassword(given, address)
  } catch (error) {
    log.warn({ what: 'api_sign_in_refused', peer: address })
    throw error
  }
}

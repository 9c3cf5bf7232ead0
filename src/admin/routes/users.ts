/** Users and their passwords. */
import { Type } from 'typebox'
import type { Directory } from '../../directory/directory.ts'
import type { User } from '../../directory/user.ts'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, Done, UserBody } from '../schemas.ts'
import type { Services } from '../services.ts'

const Password = Type.String({ minLength: 1, maxLength: 1024 })
const Name = Type.String({ maxLength: 256 })

export function userRoutes(app: Api, { directory }: Services): void {
  app.get(
    '/api/v1/users',
    {
      schema: {
        summary: 'List users by account, a page at a time',
        querystring: Type.Object({
          domain: Type.Optional(Type.String({ maxLength: 1023 })),
          after: Type.Optional(Type.String({ maxLength: 2047 })),
          limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
        }),
        response: { 200: Type.Object({ users: Type.Array(UserBody) }) },
      },
    },
    async ({ query }) => ({ users: (await directory.users(query)).map(userBody) }),
  )

  app.post(
    '/api/v1/users',
    {
      schema: {
        summary: 'Add a user',
        body: Type.Object({
          address: Type.String({ minLength: 1, maxLength: 2047 }),
          password: Type.Optional(Password),
          name: Type.Optional(Name),
        }),
        response: { 201: UserBody },
      },
    },
    async (request, reply) => {
      const { address, ...rest } = request.body
      request.subject = address
      const user = await directory.addUser({ account: address, ...rest })
      return reply.status(201).send(userBody(user))
    },
  )

  app.get(
    '/api/v1/users/:address',
    {
      config: { self: true },
      schema: {
        summary: 'Show the user that an address belongs to',
        params: AddressParam,
        response: { 200: UserBody },
      },
    },
    async ({ params }) => requireUser(directory, params.address),
  )

  app.patch(
    '/api/v1/users/:address',
    {
      schema: {
        summary: 'Rename a user, or disable him: his sessions end and he cannot sign in',
        params: AddressParam,
        body: Type.Object(
          { name: Type.Optional(Name), disabled: Type.Optional(Type.Boolean()) },
          { additionalProperties: false, minProperties: 1 },
        ),
        response: { 200: UserBody },
      },
    },
    async ({ params, body }) => {
      const account = await requireAccount(directory, params.address)
      await directory.updateUser(account, body)
      return requireUser(directory, account)
    },
  )

  app.delete(
    '/api/v1/users/:address',
    {
      schema: {
        summary: 'Remove a user and all that is his',
        params: AddressParam,
        response: { 204: Done },
      },
    },
    async ({ params }, reply) => {
      await directory.removeUser(await requireAccount(directory, params.address))
      return reply.status(204).send()
    },
  )

  app.put(
    '/api/v1/users/:address/password',
    {
      schema: {
        summary: 'Set a user’s password; his sessions end',
        params: AddressParam,
        body: Type.Object({ password: Password }),
        response: { 204: Done },
      },
    },
    async ({ params, body }, reply) => {
      await directory.setPassword(await requireAccount(directory, params.address), body.password)
      return reply.status(204).send()
    },
  )
}

async function requireUser(directory: Directory, address: string): Promise<UserBody> {
  const user = await directory.user(await requireAccount(directory, address))
  if (!user) throw new ApiError('NO_SUCH_USER')
  return userBody(user)
}

function userBody({ account, name, disabled, createdAt, addresses }: User): UserBody {
  return {
    account,
    name,
    disabled,
    createdAt: new Date(createdAt).toISOString(),
    addresses: addresses.map(({ type, value }) => ({ type, value })),
  }
}

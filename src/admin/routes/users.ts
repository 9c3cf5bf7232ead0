/** Users, their passwords and their communication addresses. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { BareJid } from '../../core/address.ts'
import { importUsers } from '../../directory/import.ts'
import type { User } from '../../directory/user.ts'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, CommunicationAddress, UserBody } from '../schemas.ts'
import type { Services } from '../services.ts'

const Password = Type.String({ minLength: 1, maxLength: 1024 })
const IMPORT_BYTES = 64 * 1_048_576

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
          name: Type.Optional(Type.String({ maxLength: 256 })),
        }),
        response: { 201: UserBody },
      },
    },
    async ({ body }, reply) => {
      const { address, ...rest } = body
      const user = await directory.addUser({ account: address, ...rest })
      return reply.status(201).send(userBody(user))
    },
  )

  app.get(
    '/api/v1/users/:address',
    {
      schema: {
        summary: 'Show the user that an address belongs to',
        params: AddressParam,
        response: { 200: UserBody },
      },
    },
    async ({ params }) => {
      const user = await directory.user(await requireAccount(directory, params.address))
      if (!user) throw new ApiError('NO_SUCH_USER')
      return userBody(user)
    },
  )

  app.delete(
    '/api/v1/users/:address',
    { schema: { summary: 'Remove a user and all that is his', params: AddressParam } },
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
      },
    },
    async ({ params, body }, reply) => {
      await directory.setPassword(await requireAccount(directory, params.address), body.password)
      return reply.status(204).send()
    },
  )

  addressRoutes(app, directory)
  importRoute(app, directory)
}

function addressRoutes(app: Api, directory: Services['directory']): void {
  const change =
    (apply: (account: BareJid, address: CommunicationAddress) => Promise<unknown>) =>
    async (params: { address: string }, body: CommunicationAddress) => {
      await apply(await requireAccount(directory, params.address), body)
    }
  const add = change((account, address) => directory.addAddress(account, address))
  const remove = change((account, address) => directory.removeAddress(account, address))

  app.post(
    '/api/v1/users/:address/addresses',
    {
      schema: {
        summary: 'Give a user another address',
        params: AddressParam,
        body: CommunicationAddress,
      },
    },
    async ({ params, body }, reply) => {
      await add(params, body)
      return reply.status(204).send()
    },
  )

  app.delete(
    '/api/v1/users/:address/addresses',
    {
      schema: {
        summary: 'Take an address from a user',
        params: AddressParam,
        querystring: CommunicationAddress,
      },
    },
    async ({ params, query }, reply) => {
      await remove(params, query)
      return reply.status(204).send()
    },
  )
}

function importRoute(app: Api, directory: Services['directory']): void {
  app.addContentTypeParser(
    'text/csv',
    { parseAs: 'buffer', bodyLimit: IMPORT_BYTES },
    (_request, body, done) => done(null, body),
  )
  app.post(
    '/api/v1/users/import',
    {
      bodyLimit: IMPORT_BYTES,
      schema: {
        summary: 'Add users from CSV (RFC 4180): address,password,name',
        consumes: ['text/csv'],
        querystring: Type.Object({
          dryRun: Type.Boolean({ default: false, description: 'Check only.' }),
        }),
        response: {
          200: Type.Object({
            added: Type.Integer(),
            failed: Type.Array(
              Type.Object({ line: Type.Integer(), code: Type.String(), reason: Type.String() }),
            ),
          }),
        },
      },
    },
    async ({ body, query }) => {
      if (!Buffer.isBuffer(body)) throw new ApiError('BAD_REQUEST', 'send the file as text/csv')
      return await importUsers(directory, Readable.from([body]), { dryRun: query.dryRun })
    },
  )
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

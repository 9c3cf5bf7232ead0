/** Files that users share (XEP-0363). */
import { Type } from 'typebox'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, Done } from '../schemas.ts'
import type { Services, SharedFile } from '../services.ts'

const FileBody = Type.Object({
  id: Type.String({ description: 'Whoever knows it and the name may load the file.' }),
  name: Type.String(),
  type: Type.String({ description: 'Of its content.' }),
  size: Type.Integer({ description: 'Bytes.' }),
  purpose: Type.String({ description: 'message, ephemeral, profile or permanent.' }),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Absent where it stays as long as its user.' }),
  ),
  url: Type.String(),
})

const FileParam = Type.Object({
  ...AddressParam.properties,
  file: Type.String({ minLength: 1, maxLength: 100 }),
})

const Page = Type.Object({
  after: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'The last id of the page before.' }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
})

export function fileRoutes(app: Api, { directory, files }: Services): void {
  app.get(
    '/api/v1/users/:address/files',
    {
      config: { self: true },
      schema: {
        summary: 'List the files that a user shares, in order of arrival',
        params: AddressParam,
        querystring: Page,
        response: { 200: Type.Object({ files: Type.Array(FileBody) }) },
      },
    },
    async ({ params, query }) => {
      const account = await requireAccount(directory, params.address)
      const list = files ? await files.list(account, query) : []
      return { files: list.map(fileBody) }
    },
  )

  app.delete(
    '/api/v1/users/:address/files',
    {
      config: { self: true },
      schema: {
        summary: 'Remove all files that a user shares',
        params: AddressParam,
        response: { 204: Done },
      },
    },
    async ({ params }, reply) => {
      await files?.removeAll(await requireAccount(directory, params.address))
      return reply.status(204).send()
    },
  )

  app.delete(
    '/api/v1/users/:address/files/:file',
    {
      config: { self: true },
      schema: {
        summary: 'Remove a file that a user shares',
        params: FileParam,
        response: { 204: Done },
      },
    },
    async (request, reply) => {
      const { address, file } = request.params
      request.subject = address
      const account = await requireAccount(directory, address)
      if (!(await files?.remove(account, file))) throw new ApiError('NO_SUCH_FILE')
      return reply.status(204).send()
    },
  )
}

function fileBody({ id, name, contentType, size, purpose, url, ...times }: SharedFile) {
  const { createdAt, expiresAt } = times
  return {
    id,
    name,
    type: contentType,
    size,
    purpose,
    createdAt: new Date(createdAt).toISOString(),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    url,
  }
}

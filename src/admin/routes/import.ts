/** Many users at once. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { importUsers } from '../../directory/import.ts'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Services } from '../services.ts'

const IMPORT_BYTES = 64 * 1_048_576
/** Each keeps every core busy and its whole file in memory. */
const MAX_IMPORTS = 2

const Options = Type.Object({
  dryRun: Type.Boolean({ default: false, description: 'Check only.' }),
  existing: Type.Enum(['refuse', 'update'], {
    default: 'refuse',
    description: 'What becomes of users who exist: refused, or given the password and name.',
  }),
})

const Report = Type.Object({
  added: Type.Integer(),
  updated: Type.Integer(),
  failed: Type.Array(
    Type.Object({ line: Type.Integer(), code: Type.String(), reason: Type.String() }),
    { description: 'In order of line; the first 1000.' },
  ),
  failedTotal: Type.Integer(),
})

export function importRoute(app: Api, { directory }: Services): void {
  const running = new Set<Promise<unknown>>()
  // The database stays open until the last line that is under way is done.
  app.addHook('onClose', async () => void (await Promise.allSettled(running)))
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
        body: Type.Unknown(),
        querystring: Options,
        response: { 200: Report },
      },
    },
    async (request, reply) => {
      const { body, query } = request
      if (!Buffer.isBuffer(body)) throw new ApiError('BAD_MEDIA_TYPE', 'send the file as text/csv')
      if (running.size >= MAX_IMPORTS) throw new ApiError('BUSY')
      const signal = disconnection(reply)
      const work = importUsers(directory, Readable.from([body]), { ...query, signal })
      running.add(work)
      try {
        const report = await work
        const { added, updated, failedTotal } = report
        const counts = `added ${added}, updated ${updated}, refused ${failedTotal}`
        request.subject = `${request.url}: ${counts}`
        return report
      } catch (error) {
        throw signal.aborted ? new ApiError('INTERRUPTED') : error
      } finally {
        running.delete(work)
      }
    },
  )
}

function disconnection({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}

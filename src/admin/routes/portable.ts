/** Accounts that move from server to server (XEP-0227). */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { textBody } from '../schemas.ts'
import type { PortableReport, Services } from '../services.ts'

const MAX_BYTES = 4 * 1_073_741_824
/** Each keeps the database busy. */
const MAX_AT_ONCE = 2
const XML = 'application/xml'

const Domain = Type.Object({
  domain: Type.Optional(Type.String({ maxLength: 1023, description: 'Its users only.' })),
})

const Options = Type.Object({
  dryRun: Type.Boolean({ default: false, description: 'Check only.' }),
  overwrite: Type.Boolean({
    default: false,
    description: 'Users who exist get what the file says; otherwise they are left as they are.',
  }),
})

const Report = Type.Object({
  added: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer({ description: 'Users who exist and were left as they are.' }),
  failed: Type.Integer({ description: 'Users who were not taken.' }),
  problems: Type.Array(
    Type.Object({ account: Type.String(), code: Type.String(), reason: Type.String() }),
    { description: 'In order of the file; the first 1000.' },
  ),
  problemsTotal: Type.Integer(),
  skipped: Type.Array(Type.Object({ section: Type.String(), count: Type.Integer() }), {
    description: 'Sections that this server does not keep.',
  }),
})

export function portableRoutes(app: Api, services: Services): void {
  // In a scope of its own: no other call takes a body that is not read.
  app.register((scope, _options, done) => {
    addRoutes(scope.withTypeProvider(), services)
    done()
  })
}

function addRoutes(app: Api, { portable }: Services): void {
  const running = new Set<Promise<unknown>>()
  /** Files that are read or written. */
  const bodies = new Set<Readable>()
  const track = (body: Readable, work: Promise<unknown>) => {
    running.add(work)
    bodies.add(body)
    const forget = () => running.delete(work) && bodies.delete(body)
    work.then(forget, forget)
  }
  // A file may take hours: it ends early. The database stays open until the user who is under way is done.
  app.addHook('preClose', async () => {
    for (const body of bodies) body.destroy()
  })
  app.addHook('onClose', async () => void (await Promise.allSettled(running)))
  // Not read before it is worked off: it may be larger than the memory.
  app.addContentTypeParser(XML, (_request, payload, done) => done(null, payload))

  // Not GET, which is not written into the audit log.
  app.post(
    '/api/v1/accounts/export',
    {
      schema: {
        summary: 'Export accounts (XEP-0227), with what it takes to check their passwords',
        querystring: Domain,
        response: { 200: textBody(XML, 'A file of XEP-0227.') },
      },
    },
    async ({ query }, reply) => {
      if (!portable) throw new ApiError('NOT_FOUND')
      if (running.size >= MAX_AT_ONCE) throw new ApiError('BUSY')
      const body = Readable.from(portable.export(query.domain))
      track(body, new Promise((resolve) => body.once('close', () => resolve(undefined))))
      return send(reply, body)
    },
  )

  app.post(
    '/api/v1/accounts/import',
    {
      config: { slowBody: true },
      schema: {
        summary: 'Import accounts from a file of XEP-0227',
        consumes: [XML],
        body: Type.Unknown(),
        querystring: Options,
        response: { 200: Report },
      },
    },
    async (request, reply): Promise<PortableReport> => {
      const { body, query } = request
      if (!portable) throw new ApiError('NOT_FOUND')
      if (!(body instanceof Readable)) throw new ApiError('BAD_MEDIA_TYPE', `send it as ${XML}`)
      if (running.size >= MAX_AT_ONCE) throw new ApiError('BUSY')
      const signal = disconnection(reply)
      const work = portable.import(bounded(body), { ...query, signal })
      track(body, work)
      try {
        const report = await work
        const { added, updated, unchanged, failed } = report
        const counts = `added ${added}, updated ${updated}, unchanged ${unchanged}, refused ${failed}`
        request.subject = `${request.url}: ${counts}`
        return report
      } catch (error) {
        throw signal.aborted || (body.destroyed && !body.readableEnded) ? interrupted(error) : error
      } finally {
        body.resume()
      }
    },
  )
}

function interrupted(error: unknown): unknown {
  return error instanceof ApiError ? error : new ApiError('INTERRUPTED')
}

/** The schema knows texts only. */
function send(reply: FastifyReply, body: Readable) {
  return reply.type(XML).send(body)
}

async function* bounded(body: Readable): AsyncIterable<Uint8Array> {
  let bytes = 0
  // An answer is sent on the same connection where the rest is not wanted.
  const chunks: AsyncIterable<Uint8Array> = body.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) throw new ApiError('TOO_LARGE')
    yield chunk
  }
}

function disconnection({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}

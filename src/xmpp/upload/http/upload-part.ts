/** Shared files over HTTP (XEP-0363 §7, §8), on any listener. */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../net/callers.ts'
import type { HttpPart } from '../../../net/http-part.ts'
import type { Clock } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import { gets, puts } from '../metrics.ts'
import { traceOf } from '../trace.ts'
import { UploadError } from '../upload-error.ts'
import type { Uploads } from '../uploads.ts'
import { getFile } from './get.ts'
import { ALWAYS, METHODS, PREFLIGHT } from './headers.ts'
import { HttpRefusal, statusOf } from './http-refusal.ts'
import { lingerOver } from './linger.ts'
import { putFile } from './put.ts'

export interface UploadPartDeps {
  readonly uploads: Uploads
  readonly clock: Clock
  readonly log: Log
  readonly callers: { of(request: IncomingMessage): Caller }
}

/** Of all listeners. */
export const UPLOAD_PATH = '/upload'

const RETRY_AFTER_S = 30

export function uploadPart(deps: UploadPartDeps): HttpPart {
  return async (app) => {
    await app.register(async (scope) => addRoutes(scope, deps), {
      prefix: UPLOAD_PATH,
    })
  }
}

function addRoutes(app: FastifyInstance, deps: UploadPartDeps): void {
  // Bodies are read by who stores them, chunk by chunk.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  app.setErrorHandler((error, request, reply) => refuse(deps, error, request, reply))
  app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('Not found'))
  app.addHook('onRequest', async ({ raw }, reply) => {
    reply.headers(ALWAYS)
    // XEP-0363 §4: the service is for TLS only. Whoever listens on the way could use what is asked for.
    if (!deps.callers.of(raw).isEncrypted) throw new HttpRefusal(403, 'Files are for HTTPS only')
  })
  app.addHook('onSend', async ({ raw }, { statusCode }) => {
    // Who is too slow is not waited for any longer.
    if (statusCode !== 408) lingerOver(deps.clock, raw)
  })
  app.addHook('onResponse', async (request, reply) => {
    count(request, reply)
  })
  const url = '/:id/*'
  app.route({
    method: ['GET', 'HEAD'],
    url,
    handler: (request, reply) => getFile(deps, request, reply),
  })
  app.put(url, (request, reply) => putFile(deps, request, reply))
  app.options(url, (_request, reply) => reply.code(204).headers(PREFLIGHT).send())
  app.route({
    method: ['DELETE', 'PATCH', 'POST'],
    url,
    handler: (_request, reply) => reply.code(405).header('allow', METHODS).send(),
  })
}

function count({ method }: FastifyRequest, { statusCode: status }: FastifyReply): void {
  if (method === 'PUT') puts.inc({ status })
  if (method === 'GET' || method === 'HEAD') gets.inc({ method, status })
}

function refuse(
  { clock, log }: UploadPartDeps,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const status = request.raw.socket.destroyed ? 499 : statusOf(error)
  if (status === 500)
    log.error({ what: 'upload_request_failed', method: request.method, ...traceOf(error) })
  for (const name of Object.keys(reply.getHeaders())) {
    if (!(name in ALWAYS)) reply.removeHeader(name)
  }
  if (status === 503 || status === 429) {
    const until = error instanceof UploadError ? error.retryAt : undefined
    const seconds = until === undefined ? RETRY_AFTER_S : Math.ceil((until - clock.now()) / 1000)
    reply.header('retry-after', Math.max(1, seconds))
  }
  const text = status === 500 || !(error instanceof Error) ? 'Something went wrong' : error.message
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'content-type': 'text/plain; charset=utf-8' })
    .send(text)
}

/** Routes that web pages of other origins post to. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { watchBody } from '../../net/body-deadline.ts'
import type { Origins } from '../../net/origins.ts'
import type { Clock } from '../../util/clock.ts'
import { refused } from './metrics.ts'

export interface PostRoute {
  readonly path: string
  readonly transport: string
  /** What somebody is told who looks at the path with a browser. */
  readonly about: string
  readonly maxBytes: number
  /** The body came whole. */
  take(request: FastifyRequest, reply: FastifyReply, headers: Record<string, string>): void
  /** It is larger than may be. */
  tooLarge(reply: FastifyReply): void
}

const METHODS = 'POST, OPTIONS'
/** Of a body. */
const DEADLINE_MS = 30_000

/** Bodies are bytes, whatever their type is said to be. */
export function takeBytes(app: FastifyInstance, clock: Clock): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async ({ raw }) => {
    watchBody(clock, raw, { withinMs: DEADLINE_MS, late: () => raw.socket.destroy() })
  })
}

export function addPostRoute(app: FastifyInstance, origins: Origins, route: PostRoute): void {
  const { path, transport, about, maxBytes } = route
  app.options(path, ({ headers }, reply) =>
    reply.status(204).headers(origins.preflight(headers.origin, METHODS)).send(),
  )
  app.get(path, (_request, reply) => reply.type('text/plain').send(about))
  app.route({
    method: 'POST',
    url: path,
    bodyLimit: maxBytes,
    errorHandler: (error, _request, reply) => {
      if (error.statusCode === 413) route.tooLarge(reply)
      else reply.status(error.statusCode ?? 500).send()
    },
    handler: (request, reply) => {
      const { origin } = request.headers
      if (!origins.allows(origin)) {
        refused.inc({ transport, reason: 'origin' })
        reply.status(403).send()
        return
      }
      route.take(request, reply, origins.headers(origin))
    },
  })
}

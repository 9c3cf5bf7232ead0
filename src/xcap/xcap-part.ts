/** XCAP on a listener (RFC 4825 §8): who asks, what for, whether he may, and the answer. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { watchBody } from '../net/body-deadline.ts'
import type { Callers } from '../net/callers.ts'
import type { HttpPart } from '../net/http-part.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { counter } from '../util/metrics.ts'
import type { XcapAuthentication } from './authentication.ts'
import { authorize, type XcapDirectory } from './authorization.ts'
import { deleteNode, getNode, putNode, type XcapReply, type XcapRequest } from './operations.ts'
import { parseNode, parseXcapUri } from './request-uri.ts'
import type { XcapDocuments } from './xcap-documents.ts'
import { Conflict, XCAP_ERROR, XcapRefusal } from './xcap-refusal.ts'

export interface XcapPartDeps {
  readonly clock: Clock
  readonly log: Log
  readonly directory: XcapDirectory
  readonly documents: XcapDocuments
  readonly authentication: XcapAuthentication
  readonly callers: Pick<Callers, 'of'>
  readonly audit: XcapAudit
}

/** What administrators do to what is not theirs is written down. */
export interface XcapAudit {
  append(entry: {
    readonly actor: string
    readonly action: string
    readonly target: string
    readonly outcome: string
    readonly source: string
  }): Promise<void>
}

export interface XcapPartConfig {
  /** Begins with a slash and ends with none. */
  readonly root: string
  readonly maxDocument: number
  readonly requestsPerMinute: number
}

const BODY_MS = 30_000
const METHODS = 'GET, HEAD, PUT, DELETE'
const MAX_AUDITED_CHARS = 1024

const requests = counter({
  name: 'heliograph_xcap_requests_total',
  help: 'XCAP requests, by method and status.',
  labels: ['method', 'status'],
})

export function xcapPart(config: XcapPartConfig, deps: XcapPartDeps): HttpPart {
  return async (app) => {
    await app.register(async (scope) => addRoutes(scope, config, deps), { prefix: config.root })
  }
}

async function addRoutes(
  app: FastifyInstance,
  config: XcapPartConfig,
  deps: XcapPartDeps,
): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: config.maxDocument },
    (_request, body, done) => done(null, body),
  )
  app.setErrorHandler((error, request, reply) => refuse(deps, error, request, reply))
  app.addHook('onRequest', async ({ raw }) => {
    // Whoever listens on the way could use what is sent.
    if (!deps.callers.of(raw).isEncrypted) throw new XcapRefusal(403, 'XCAP is for HTTPS only')
    watchBody(deps.clock, raw, { withinMs: BODY_MS, late: () => raw.destroy() })
  })
  await app.register(rateLimit, {
    max: config.requestsPerMinute,
    timeWindow: '1 minute',
    keyGenerator: ({ raw }) => deps.callers.of(raw).address,
    errorResponseBuilder: (_request, { ttl }) =>
      new XcapRefusal(429, 'Too many requests', { 'retry-after': String(Math.ceil(ttl / 1000)) }),
  })
  // Before the answer leaves: who has it finds the entry.
  app.addHook('onSend', (request, reply) => record(deps, request, reply))
  app.addHook('onResponse', async ({ method }, { statusCode: status }) => {
    requests.inc({ method, status })
  })
  // Before a body is read.
  app.addHook('preParsing', async (request) => {
    targets.set(request, await identify(deps, config, request))
  })
  app.route({
    method: ['GET', 'HEAD', 'PUT', 'DELETE', 'POST', 'PATCH', 'OPTIONS'],
    url: '/*',
    handler: async (request, reply) => send(reply, await answer(deps, config, request)),
  })
}

/** Whom and what each request is about, from its identification to its answer. */
const targets = new WeakMap<FastifyRequest, XcapRequest>()

/** Throws `XcapRefusal` 400, 401, 403, 404, 405. */
async function identify(
  { directory, documents, authentication, callers }: XcapPartDeps,
  { root }: XcapPartConfig,
  request: FastifyRequest,
): Promise<XcapRequest> {
  const { raw, headers, method } = request
  const url = raw.url ?? ''
  const uri = parseXcapUri(url.slice(root.length))
  const realm = directory.realmOf(uri?.document.user, headers.host)
  const { authorization } = headers
  const { address } = callers.of(raw)
  const caller = await authentication.identify({ method, url, authorization, address, realm })
  const usage = uri && documents.usage(uri.document.auid)
  if (!uri || !usage) throw new XcapRefusal(404, 'There is no such application usage')
  const isReading = method === 'GET' || method === 'HEAD'
  const account = await authorize(directory, {
    ...{ caller, usage, isReading },
    user: uri.document.user,
  })
  return {
    ...{ caller, usage, account, name: uri.document.name },
    node: parseNode(uri, usage.defaultNs),
    documentUri: `https://${headers.host ?? realm}${root}${uri.documentPath}`,
    query: uri.query,
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
  }
}

async function record(
  { audit, callers, log }: XcapPartDeps,
  request: FastifyRequest,
  { statusCode }: FastifyReply,
): Promise<void> {
  const { method, raw, url } = request
  const caller = targets.get(request)?.caller
  if (caller?.role !== 'administrator' || (method !== 'PUT' && method !== 'DELETE')) return
  const entry = {
    ...{ actor: caller.name, action: `${method} XCAP`, target: url.slice(0, MAX_AUDITED_CHARS) },
    ...{ outcome: statusCode < 300 ? 'done' : String(statusCode), source: callers.of(raw).address },
  }
  try {
    await audit.append(entry)
  } catch (err) {
    log.error({ what: 'audit_write_failed', err, action: entry.action })
  }
}

function answer(
  { documents }: XcapPartDeps,
  { maxDocument }: XcapPartConfig,
  request: FastifyRequest,
): Promise<XcapReply> {
  const { method, body, headers } = request
  const target = targets.get(request)
  if (!target) throw new XcapRefusal(404, 'There is no such document')
  switch (method) {
    case 'GET':
    case 'HEAD':
      return getNode(documents, target)
    case 'PUT': {
      const [type = ''] = (headers['content-type'] ?? '').split(';')
      const contentType = type.trim().toLowerCase()
      const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
      return putNode(documents, { ...target, contentType, body: bytes }, maxDocument)
    }
    case 'DELETE':
      return deleteNode(documents, target)
    default:
      // §8.1
      throw new XcapRefusal(405, 'The method means nothing here', { allow: METHODS })
  }
}

function send(reply: FastifyReply, { status, etag, contentType, body }: XcapReply): FastifyReply {
  reply.code(status).header('cache-control', 'no-cache')
  if (etag !== undefined) reply.header('etag', `"${etag}"`)
  if (contentType === undefined) return reply.send()
  // Bytes, lest a parameter be added to the type.
  return reply.header('content-type', contentType).send(Buffer.from(body ?? ''))
}

function refuse(
  { log }: XcapPartDeps,
  error: unknown,
  { method }: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.header('cache-control', 'no-store')
  if (error instanceof Conflict) {
    return reply.code(409).header('content-type', XCAP_ERROR).send(Buffer.from(error.report))
  }
  const known = error instanceof XcapRefusal ? error : refusalOf(error)
  if (!known) log.error({ what: 'xcap_request_failed', method, err: error })
  const { status, headers, message } = known ?? new XcapRefusal(500, 'Something went wrong')
  return reply.code(status).headers(headers).type('text/plain; charset=utf-8').send(message)
}

/** Fastify's own refusals of requests. */
function refusalOf(error: unknown): XcapRefusal | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const { statusCode, message } = error
  const isRefusal = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
  return isRefusal ? new XcapRefusal(statusCode, message) : undefined
}

/**
 * The HTTP API: one Fastify application, served over HTTPS to administrators and over a Unix socket
 * to the command line. What the two differ in is who the caller is and how often he may call.
 */
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Log } from '../util/log.ts'
import { histogram } from '../util/metrics.ts'
import { ApiError, isApiErrorCode } from './api-error.ts'
import type { Audit } from './audit.ts'
import type { Principal, SignIn } from './sign-in.ts'
import type { TlsOptions } from './tls.ts'

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | undefined
  }
  interface FastifyContextConfig {
    /** Anybody may call. */
    public?: boolean
    /** Anybody may call from this machine. */
    localPublic?: boolean
    /** Not for the audit log: a reading call with a body. */
    unaudited?: boolean
  }
}

export interface ApiDeps {
  log: Log
  signIn: SignIn
  audit: Audit
  version: string
  /** HTTPS; `undefined` for the Unix socket, whose file mode says who may call. */
  tls: TlsOptions | undefined
  requestsPerMinute: number
}

const durations = histogram(
  {
    name: 'heliograph_admin_request_duration_seconds',
    help: 'API requests, by route and status.',
    labels: ['method', 'route', 'status'],
  },
  [0.005, 0.02, 0.1, 0.5, 2, 10],
)

export type Api = Awaited<ReturnType<typeof createApi>>

export async function createApi(deps: ApiDeps) {
  const limits = {
    bodyLimit: 1_048_576,
    requestTimeout: 30_000,
    connectionTimeout: 0,
    keepAliveTimeout: 30_000,
    disableRequestLogging: true,
    routerOptions: { maxParamLength: 3100 },
  }
  const app = Fastify({ ...limits, https: deps.tls ?? null })
    .setValidatorCompiler(TypeBoxValidatorCompiler)
    .withTypeProvider<TypeBoxTypeProvider>()
  app.decorateRequest('principal', undefined)
  app.setErrorHandler((error: FastifyError, request, reply) =>
    answerError(deps, error, request, reply),
  )
  app.setNotFoundHandler((_request, reply) => {
    const { statusCode, code, message } = new ApiError('NOT_FOUND')
    return reply.status(statusCode).send({ error: { code, message } })
  })
  if (deps.tls) {
    await app.register(rateLimit, {
      max: deps.requestsPerMinute,
      timeWindow: '1 minute',
      errorResponseBuilder: () => new ApiError('TOO_MANY_REQUESTS'),
    })
  }
  app.addHook('onRequest', (request) => identify(deps, request))
  app.addHook('onResponse', (request, reply) => record(deps, request, reply))
  await app.register(swagger, {
    openapi: {
      info: { title: 'Heliograph', version: deps.version },
      components: {
        securitySchemes: {
          basic: { type: 'http', scheme: 'basic' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ basic: [] }, { bearer: [] }],
    },
  })
  app.get('/api/v1/openapi.json', { config: { public: true }, schema: { hide: true } }, () =>
    app.swagger(),
  )
  return app
}

async function identify({ signIn, tls }: ApiDeps, request: FastifyRequest): Promise<void> {
  const { config } = request.routeOptions
  if (!tls) {
    request.principal = { name: 'local' }
  } else if (request.headers.authorization !== undefined) {
    request.principal = await signIn.authenticate(request.headers.authorization)
  } else if (!config.public && !(config.localPublic && isLoopback(request.ip))) {
    throw new ApiError('SIGN_IN_REQUIRED')
  }
}

async function record(
  { audit, tls, log }: ApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { method } = request
  const route = request.routeOptions.url ?? 'none'
  const status = String(reply.statusCode)
  durations.observe({ method, route, status }, reply.elapsedTime / 1000)
  if (method === 'GET' || method === 'HEAD' || request.routeOptions.config.unaudited) return
  try {
    await audit.append({
      actor: request.principal?.name ?? 'nobody',
      action: `${method} ${route}`,
      target: request.url,
      outcome: status,
      source: tls ? request.ip : 'local',
    })
  } catch (error) {
    log.error({ what: 'audit_write_failed', err: error, action: `${method} ${route}` })
  }
}

function answerError(
  { log }: ApiDeps,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = asApiError(error)
  if (refusal.code === 'INTERNAL') {
    log.error({ what: 'api_request_failed', err: error, request: request.id, url: request.url })
  }
  if (refusal.code === 'SIGN_IN_REQUIRED') {
    reply.header('www-authenticate', 'Basic realm="Heliograph", charset="UTF-8"')
  }
  const { code, message, statusCode } = refusal
  return reply.status(statusCode).send({ error: { code, message } })
}

/** Errors of the directory and the API carry a code of the table; Fastify's own are told apart by status. */
function asApiError(error: FastifyError): ApiError {
  if (error instanceof ApiError) return error
  if (isApiErrorCode(error.code)) return new ApiError(error.code, error.message)
  switch (error.statusCode) {
    case 413:
      return new ApiError('TOO_LARGE')
    case 429:
      return new ApiError('TOO_MANY_REQUESTS')
    case undefined:
      return new ApiError('INTERNAL')
    default:
      return error.statusCode < 500
        ? new ApiError('BAD_REQUEST', error.message)
        : new ApiError('INTERNAL')
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}

/**
 * The HTTP API: one Fastify application, served over HTTPS to administrators and users and over a
 * Unix socket to the command line. What the two differ in is who the caller is and how often he may call.
 */
import rateLimit from '@fastify/rate-limit'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify'
import type { Directory } from '../directory/directory.ts'
import { watchBody } from '../net/body-deadline.ts'
import { closeLast } from '../net/http-listener.ts'
import { addParts, type HttpPart } from '../net/http-part.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { histogram } from '../util/metrics.ts'
import { ApiError, type ApiErrorCode } from './api-error.ts'
import type { Audit } from './audit.ts'
import { describeApi } from './openapi.ts'
import { LOCAL, type Principal, type RouteRights, requireRight } from './principal.ts'
import { answerClientError, answerError } from './refusals.ts'
import type { SignIn } from './sign-in.ts'
import type { TlsOptions } from './tls.ts'
import { compileValidator } from './validator.ts'

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | undefined
    /** For the audit log, where the URL does not say what the call is about. Never a secret. */
    subject: string | undefined
    refusal: ApiErrorCode | undefined
  }
  interface FastifyContextConfig extends RouteRights {
    /** Anybody may call. */
    public?: boolean
    /** Anybody may call from this machine. */
    localPublic?: boolean
    /** From this machine's command line the body may come as slowly as it is worked off. */
    slowBody?: boolean
  }
}

export interface ApiDeps {
  clock: Clock
  log: Log
  directory: Directory
  signIn: SignIn
  audit: Audit
  version: string
  /** HTTPS; `undefined` for the Unix socket, whose file mode says who may call. */
  tls: TlsOptions | undefined
  requestsPerMinute: number
  /** What other parts of the server answer on the same listener. */
  parts?: readonly HttpPart[]
  /** Of all who are connected to the listener. */
  maxConnections?: number
}

/** Where nothing but the API is served. */
export const MAX_API_CONNECTIONS = 4096
const BODY_MS = 30_000
const MAX_AUDITED_CHARS = 1024

const durations = histogram(
  {
    name: 'heliograph_admin_request_duration_seconds',
    help: 'API requests, by route and status.',
    labels: ['method', 'route', 'status'],
  },
  [0.005, 0.02, 0.1, 0.5, 2, 10],
)

export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export async function createApi(
  deps: ApiDeps,
  routes: (app: Api) => void,
): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    bodyLimit: 1_048_576,
    // Bodies have deadlines of their own: some wait for what is long.
    requestTimeout: 0,
    keepAliveTimeout: 30_000,
    routerOptions: { maxParamLength: 3100 },
    frameworkErrors: (error, request, reply) => answerError(deps, error, request, reply),
    clientErrorHandler: answerClientError,
    https: deps.tls ?? null,
  })
  app.server.maxConnections = deps.maxConnections ?? MAX_API_CONNECTIONS
  app.setErrorHandler((error: FastifyError, request, reply) =>
    answerError(deps, error, request, reply),
  )
  // In a scope of its own, so that its rules are not those of other parts.
  const api: FastifyPluginAsync = async (scope) => {
    const typed = scope
      .setValidatorCompiler(compileValidator)
      .withTypeProvider<TypeBoxTypeProvider>()
    await addRules(typed, deps)
    routes(typed)
  }
  await app.register(api)
  await addParts(app, deps.parts ?? [])
  closeLast(app)
  return app
}

async function addRules(app: Api, deps: ApiDeps): Promise<void> {
  app.decorateRequest('principal', undefined)
  app.decorateRequest('subject', undefined)
  app.decorateRequest('refusal', undefined)
  app.setNotFoundHandler(() => {
    throw new ApiError('NOT_FOUND')
  })
  await describeApi(app, deps.version)
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    if (!deps.tls && routeOptions.config?.slowBody) return
    const late = () => answerClientError({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, raw.socket)
    watchBody(deps.clock, raw, { withinMs: BODY_MS, late })
  })
  if (deps.tls) {
    await app.register(rateLimit, {
      max: deps.requestsPerMinute,
      timeWindow: '1 minute',
      errorResponseBuilder: () => new ApiError('TOO_MANY_REQUESTS'),
    })
  }
  // After the rate limit, for a password takes long to check; before a body is read.
  app.addHook('preParsing', (request) => identify(deps, request))
  // Before the answer leaves: who has it finds the entry.
  app.addHook('onSend', (request, reply) => record(deps, request, reply))
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const labels = { method: request.method, route, status: reply.statusCode }
    durations.observe(labels, reply.elapsedTime / 1000)
  })
  app.get('/api/v1/openapi.json', { config: { public: true }, schema: { hide: true } }, () =>
    app.swagger(),
  )
}

async function identify(deps: ApiDeps, request: FastifyRequest): Promise<void> {
  const { signIn, directory, tls, log } = deps
  const { config: rights } = request.routeOptions
  const { authorization } = request.headers
  // What does not exist is not worth checking a password for.
  if (request.is404) return
  if (!tls) {
    request.principal = LOCAL
    return
  }
  const isPublic = rights.public || (rights.localPublic && isLoopback(request.ip))
  if (authorization === undefined) {
    if (isPublic) return
    throw new ApiError('SIGN_IN_REQUIRED')
  }
  const principal = await signIn.authenticate(authorization, request.ip).catch((error) => {
    log.warn({ what: 'api_sign_in_refused', peer: request.ip, url: request.url })
    throw error
  })
  request.principal = principal
  if (!isPublic) await requireRight(directory, principal, { rights, params: request.params })
}

/** Calls of strangers are not written down: there is no end to them. */
async function record(
  { audit, tls, log }: ApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.header('cache-control', 'no-store')
  const { method, principal, is404 } = request
  if (!principal || is404 || method === 'GET' || method === 'HEAD') return
  const action = `${method} ${request.routeOptions.url}`
  try {
    await audit.append({
      actor: principal.name,
      action,
      target: (request.subject ?? request.url).slice(0, MAX_AUDITED_CHARS),
      outcome: request.refusal ?? 'done',
      source: tls ? request.ip : 'local',
    })
  } catch (error) {
    log.error({ what: 'audit_write_failed', err: error, action })
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}

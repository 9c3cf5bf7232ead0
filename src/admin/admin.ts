/** Opens the API: over HTTPS for administrators, over a Unix socket for the command line. */
import { chmod, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { showAlso } from '../net/http-listener.ts'
import type { HttpPart } from '../net/http-part.ts'
import type { TlsIdentity } from '../net/link.ts'
import { OperatorError } from '../util/operator-error.ts'
import { createApi, MAX_API_CONNECTIONS } from './api.ts'
import { accessLevelRoutes } from './routes/access-levels.ts'
import { aclRoutes } from './routes/acl.ts'
import { addressRoutes } from './routes/addresses.ts'
import { contactRoutes } from './routes/contacts.ts'
import { defaultRuleRoutes } from './routes/default-rules.ts'
import { deviceRoutes } from './routes/devices.ts'
import { domainRoutes } from './routes/domains.ts'
import { fileRoutes } from './routes/files.ts'
import { importRoute } from './routes/import.ts'
import { ownAclRoutes } from './routes/own-acl.ts'
import { portableRoutes } from './routes/portable.ts'
import { presRulesRoutes } from './routes/pres-rules.ts'
import { presenceRoutes } from './routes/presence.ts'
import { settingsRoutes } from './routes/settings.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { statusRoutes } from './routes/status.ts'
import { userRoutes } from './routes/users.ts'
import { viewRoutes } from './routes/views.ts'
import { watchRequestRoutes } from './routes/watch-requests.ts'
import { watcherRoutes } from './routes/watchers.ts'
import type { Services } from './services.ts'
import type { TlsOptions } from './tls.ts'

/** In the order of the description. */
const ROUTES = [
  statusRoutes,
  signInRoutes,
  domainRoutes,
  userRoutes,
  addressRoutes,
  deviceRoutes,
  fileRoutes,
  importRoute,
  portableRoutes,
  presenceRoutes,
  viewRoutes,
  accessLevelRoutes,
  aclRoutes,
  ownAclRoutes,
  defaultRuleRoutes,
  presRulesRoutes,
  contactRoutes,
  watchRequestRoutes,
  watcherRoutes,
  settingsRoutes,
]

/** `sun_path` of unix(7), without the byte that ends it. */
const MAX_SOCKET_PATH_BYTES = 107

export interface AdminConfig {
  /** `undefined`: no HTTPS listener. */
  readonly https: { readonly host: string; readonly port: number } | undefined
  readonly socketPath: string
  readonly requestsPerMinute: number
  readonly tls: TlsOptions
  /** What other parts of the server answer on the HTTPS listener. */
  readonly parts?: readonly HttpPart[]
  /** Connections that those may hold. */
  readonly partsConnections?: number
}

export interface Admin extends AsyncDisposable {
  /** Another certificate, to clients to come that name nobody. */
  show(identity: TlsIdentity): void
  readonly https: { readonly address: string; readonly port: number } | undefined
}

/** Throws `OperatorError` NET_PORT_IN_USE, NET_BAD_ADDRESS, DATA_UNWRITABLE. */
export async function startAdmin(config: AdminConfig, services: Services): Promise<Admin> {
  await using starting = new AsyncDisposableStack()
  starting.use(forgetRemoved(services))
  const local = starting.adopt(await openApi(config, services, false), close)
  // A crash leaves the socket's file behind; the lock on the data directory says that nobody uses it.
  await rm(config.socketPath, { force: true })
  await listenOnSocket(local, config.socketPath)

  let https: Admin['https']
  let remote: FastifyInstance | undefined
  if (config.https) {
    remote = starting.adopt(await openApi(config, services, true), close)
    https = await listenOnPort(remote, config.https)
  }
  const opened = starting.move()
  return {
    https,
    show: (identity) => remote && showAlso(remote.server, identity),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** What was put for a person ends with him: a namesake who comes later is somebody else. */
function forgetRemoved({ directory, manual, presence }: Services): Disposable {
  return directory.onUserRemoved(({ account }) => {
    manual.forget(account)
    for (const { source } of presence.explain(account).reports) {
      if (source.startsWith('api/')) presence.withdraw(account, source)
    }
  })
}

async function openApi(
  config: AdminConfig,
  services: Services,
  remote: boolean,
): Promise<FastifyInstance> {
  const { requestsPerMinute, tls, parts = [], partsConnections = 0 } = config
  const app = await createApi(
    {
      ...services,
      requestsPerMinute,
      tls: remote ? tls : undefined,
      parts: remote ? parts : [],
      maxConnections: MAX_API_CONNECTIONS + partsConnections,
    },
    (api) => {
      for (const routes of ROUTES) routes(api, services)
    },
  )
  await app.ready()
  return app
}

async function close(app: FastifyInstance): Promise<void> {
  await app.close()
}

async function listenOnSocket(app: FastifyInstance, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    const limit = `longer than the ${MAX_SOCKET_PATH_BYTES} bytes that a Unix socket may have`
    throw new OperatorError('DATA_UNWRITABLE', `the path ${path} is ${limit}: use a shorter one`)
  }
  // Created with the mode it is to have: between listen and chmod nobody else may connect.
  const umask = process.umask(0o177)
  try {
    await app.listen({ path })
    await chmod(path, 0o600)
  } catch (error) {
    throw new OperatorError('DATA_UNWRITABLE', `cannot listen on ${path}: ${reasonOf(error)}`)
  } finally {
    process.umask(umask)
  }
}

async function listenOnPort(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<{ address: string; port: number }> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    throw new OperatorError(
      inUse ? 'NET_PORT_IN_USE' : 'NET_BAD_ADDRESS',
      `listen.https: cannot listen on ${host}:${port}: ${reasonOf(error)}`,
    )
  }
  const bound = app.server.address()
  return isTcp(bound) ? { address: bound.address, port: bound.port } : { address: host, port }
}

function isTcp(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Listeners for XMPP over HTTP that are not the API's. */
import type { Config } from '../config/schema.ts'
import { type HttpTlsOptions, openHttpListener } from '../net/http-listener.ts'
import type { HttpPart } from '../net/http-part.ts'
import type { Listener } from '../ops/listeners.ts'
import type { Log } from '../util/log.ts'

export interface HttpListenersDeps {
  readonly log: Log
  readonly tls: HttpTlsOptions
  readonly parts: readonly HttpPart[]
}

/** Connections that nobody has signed in on, beside those that the door lets in. */
const MORE_CONNECTIONS = 4096

/** Rejects with the socket's own error where one cannot listen. */
export async function openHttpListeners(
  { listen, http, xmpp }: Config,
  { log, tls, parts }: HttpListenersDeps,
  opened: AsyncDisposableStack,
): Promise<Listener[]> {
  const maxConnections = xmpp.maxConnections + MORE_CONNECTIONS
  const listeners: Listener[] = []
  for (const kind of ['httpsXmpp', 'http'] as const) {
    const at = listen[kind]
    if (!at) continue
    const own = { ...at, maxConnections, tls: kind === 'httpsXmpp' ? tls : undefined }
    const { address: host, port } = opened.use(await openHttpListener(own, parts))
    listeners.push({ name: kind, kind, address: { host, port } })
  }
  if (listen.http && http.trustedProxies.length === 0 && !xmpp.plaintextAuth) {
    // Nobody could sign in: a client without TLS is offered nothing to do it with.
    log.warn({ what: 'http_without_trusted_proxies' })
  }
  return listeners
}

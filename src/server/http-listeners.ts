/** Listeners for XMPP over HTTP that are not the API's. */
import type { Config } from '../config/schema.ts'
import { openHttpListener } from '../net/http-listener.ts'
import type { Certificates } from '../ops/certificates.ts'
import type { Listener } from '../ops/listeners.ts'
import type { Log } from '../util/log.ts'
import type { HttpListenerConfig, Xmpp } from '../xmpp/xmpp.ts'

export interface HttpListenersDeps {
  readonly log: Log
  readonly certificates: Certificates
}

/** Connections that nobody has signed in on, beside those that the door lets in. */
const MORE_CONNECTIONS = 4096

/** Rejects with the socket's own error where one cannot listen. */
export async function openHttpListeners(
  config: Config,
  xmpp: Pick<Xmpp, 'httpParts' | 'httpListeners'>,
  { log, certificates }: HttpListenersDeps,
  opened: AsyncDisposableStack,
): Promise<Listener[]> {
  const listeners: Listener[] = []
  for (const wish of wanted(config, xmpp)) {
    const { name, kind, address, parts } = wish
    const maxConnections = wish.maxConnections + MORE_CONNECTIONS
    const tls = kind === 'httpsXmpp' ? certificates.serverOptions(name) : undefined
    const own = { maxConnections, tls }
    const open = opened.use(await openHttpListener({ ...address, ...own }, parts))
    if (tls) opened.use(certificates.onChange(() => open.show(certificates.shownBy(name))))
    listeners.push({ name, kind, address: { host: open.address, port: open.port } })
    if (kind === 'http' && wish.tlsRequired && config.http.trustedProxies.length === 0) {
      // Nobody can sign in: a client without TLS is offered nothing to do it with.
      log.warn({ what: 'http_without_trusted_proxies', listener: name })
    }
  }
  return listeners
}

function wanted(
  { listen, xmpp: limits }: Config,
  xmpp: Pick<Xmpp, 'httpParts' | 'httpListeners'>,
): HttpListenerConfig[] {
  const usual = (['httpsXmpp', 'http'] as const).flatMap((kind) => {
    const address = listen[kind]
    if (!address) return []
    const { maxConnections, plaintextAuth } = limits
    const parts = xmpp.httpParts
    return [{ name: kind, kind, address, maxConnections, tlsRequired: !plaintextAuth, parts }]
  })
  return [...usual, ...xmpp.httpListeners]
}

/** A listener that serves parts of the server over HTTP, and not the API. */
import type { AddressInfo } from 'node:net'
import { type SecureContext, Server as TlsServer } from 'node:tls'
import Fastify, { type FastifyInstance } from 'fastify'
import { addParts, type HttpPart } from './http-part.ts'
import type { LinkListener, TlsIdentity } from './link.ts'

export interface HttpListenerOptions {
  readonly host: string
  readonly port: number
  readonly maxConnections: number
  /** `undefined`: plain, for a proxy on the same machine. */
  readonly tls: HttpTlsOptions | undefined
}

export interface HttpTlsOptions extends TlsIdentity {
  readonly SNICallback?: (
    name: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ) => void
}

export interface HttpListener extends LinkListener {
  /** Another certificate, to clients to come that name nobody. */
  show(identity: TlsIdentity): void
}

/** Rejects with the socket's own error where it cannot listen. Disposing of it closes all connections. */
export async function openHttpListener(
  { host, port, tls, maxConnections }: HttpListenerOptions,
  parts: readonly HttpPart[],
): Promise<HttpListener> {
  const app: FastifyInstance = Fastify({
    // Parts say how long bodies may take.
    requestTimeout: 0,
    keepAliveTimeout: 30_000,
    https: tls ?? null,
  })
  app.server.maxConnections = maxConnections
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).type('text/plain').send('Nothing here.\n'),
  )
  await addParts(app, parts)
  closeLast(app)
  await app.listen({ host, port })
  const bound = app.server.address()
  const at = isTcp(bound) ? { address: bound.address, port: bound.port } : { address: host, port }
  const show = (identity: TlsIdentity) => showAlso(app.server, identity)
  return { ...at, show, [Symbol.asyncDispose]: () => app.close() }
}

/** For clients that name nobody; `SNICallback` answers the others. */
export function showAlso(server: object, identity: TlsIdentity): void {
  if (server instanceof TlsServer) server.setSecureContext(identity)
}

/** What parts have to say at the end is said on connections that are open. */
export function closeLast(app: FastifyInstance): void {
  app.register((scope, _options, done) => {
    scope.addHook('preClose', (closed) => {
      app.server.closeAllConnections()
      closed()
    })
    done()
  })
}

function isTcp(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

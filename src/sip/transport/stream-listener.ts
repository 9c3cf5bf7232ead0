/** A listening TCP or TLS socket: admits, shakes hands, hands the connected socket on. */
import { once } from 'node:events'
import { type Server, type Socket, createServer as tcpServer } from 'node:net'
import {
  type SecureContextOptions,
  type TlsOptions,
  type Server as TlsServer,
  createServer as tlsServer,
} from 'node:tls'
import { normalizeHost } from './addresses.ts'
import { certificateNames } from './certificate-names.ts'
import type { ConnectionTable } from './connection-table.ts'
import { connectionsRefused } from './metrics.ts'
import type { Endpoint } from './transport.ts'

const BACKLOG = 1024

export interface ListenerDeps {
  readonly table: ConnectionTable
  readonly transport: 'tcp' | 'tls'
  readonly handshakeMs: number
  accepted(socket: Socket, provenNames: readonly string[]): void
}

export class StreamListener {
  readonly #deps: ListenerDeps
  readonly #server: Server | TlsServer
  /** Accepted, and not handed on yet: their TLS handshake is under way. */
  readonly #shaking = new Map<string, Socket>()
  #bound: Endpoint

  /**
   * With `tls` (key, cert, SNICallback, …) the listener speaks TLS. Given a `ca` it asks for a client certificate and takes
   * connections without one: a name is proven where the certificate's chain leads to one of `ca`.
   */
  constructor(deps: ListenerDeps, { host, port }: Endpoint, tls?: TlsOptions) {
    this.#deps = deps
    this.#bound = { host: normalizeHost(host), port }
    this.#server = tls ? this.#secure(tls) : this.#plain()
  }

  /** Rejects where the address cannot be bound. Resolves with the address, its port filled in. */
  async listen(): Promise<Endpoint> {
    const listening = once(this.#server, 'listening')
    this.#server.listen(this.#bound.port, this.#bound.host, BACKLOG)
    await listening
    this.#server.on('error', () => undefined) // e.g. EMFILE while accepting; the listener goes on
    const address = this.#server.address()
    if (address && typeof address === 'object') {
      this.#bound = { host: this.#bound.host, port: address.port }
    }
    return this.#bound
  }

  get bound(): Endpoint {
    return this.#bound
  }

  /** A new certificate for the handshakes to come. */
  renew(options: SecureContextOptions): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(options)
  }

  /** Resolves when every connection is gone too; those that were handed on are their owner's to close. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#shaking.values()) socket.destroy()
    await closed
  }

  #plain(): Server {
    const server = tcpServer()
    server.on('connection', (socket) => {
      if (this.#admit(socket)) this.#deps.accepted(socket, [])
    })
    return server
  }

  #secure(tls: TlsOptions): TlsServer {
    const server = tlsServer({
      ...tls,
      requestCert: tls.ca !== undefined,
      rejectUnauthorized: false,
      handshakeTimeout: this.#deps.handshakeMs,
    })
    server.on('connection', (socket: Socket) => {
      if (!this.#admit(socket)) return
      const name = socketName(socket)
      this.#shaking.set(name, socket)
      socket.once('close', () => this.#shaking.delete(name))
    })
    server.on('secureConnection', (socket) => {
      this.#shaking.delete(socketName(socket))
      const names = socket.authorized ? certificateNames(socket.getPeerCertificate()) : []
      if (!socket.destroyed) this.#deps.accepted(socket, names)
    })
    server.on('tlsClientError', (_error, socket) => {
      connectionsRefused.inc({ reason: 'tls_handshake' })
      socket.destroy()
    })
    return server
  }

  #admit(socket: Socket): boolean {
    const { remoteAddress } = socket
    const { table, transport } = this.#deps
    const seat = remoteAddress ? table.admit(normalizeHost(remoteAddress), transport) : undefined
    if (seat) socket.once('close', () => seat.release())
    else socket.destroy()
    return seat !== undefined
  }
}

function socketName({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

/** Paths of HTTP listeners that take WebSockets of one subprotocol (RFC 6455 §4.2). */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Caller, Callers } from './callers.ts'
import { onWebSocket, refuseUpgrade } from './http-upgrades.ts'
import type { Origins } from './origins.ts'

export interface AcceptedWebSocket {
  readonly socket: WebSocket
  /** Below it. */
  readonly stream: Duplex
  readonly caller: Caller
}

export interface WebSocketEndpointOptions {
  readonly paths: readonly string[]
  /** The subprotocol; without asking for it nobody gets in. */
  readonly protocol: string
  /** What somebody is told who looks at a path with a browser. */
  readonly about: string
  /** Bytes of a message; a longer one is not read. */
  readonly maxPayload: number
  readonly callers: Callers
  readonly origins: Origins
}

export interface WebSocketOwner {
  /** Whether there is room, asked before it costs a handshake. */
  hasRoomFor(caller: Caller): boolean
  refused(reason: 'origin' | 'protocol'): void
  accepted(parts: AcceptedWebSocket): void
}

/** Messages are small, and nobody has a reason to send one in very many pieces. */
const MAX_FRAGMENTS = 256

export class WebSocketEndpoint {
  readonly #options: WebSocketEndpointOptions
  readonly #owner: WebSocketOwner
  readonly #server: WebSocketServer

  constructor(options: WebSocketEndpointOptions, owner: WebSocketOwner) {
    const { maxPayload, protocol } = options
    this.#options = options
    this.#owner = owner
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload,
      maxFragments: MAX_FRAGMENTS,
      perMessageDeflate: false,
      // That it is asked for has been seen.
      handleProtocols: () => protocol,
    })
  }

  addTo(app: FastifyInstance): void {
    const { paths, about } = this.#options
    for (const path of paths) {
      onWebSocket(app, path, (request, socket, head) => this.#upgrade(request, socket, head))
      app.get(path, (_request, reply) =>
        reply
          .status(426)
          .headers({ upgrade: 'websocket', connection: 'upgrade' })
          .type('text/plain')
          .send(about),
      )
    }
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const caller = this.#options.callers.of(request)
    const refusal = this.#refusal(request, caller)
    if (refusal) {
      refuseUpgrade(stream, refusal)
      return
    }
    this.#server.handleUpgrade(request, stream, head, (socket: WebSocket) =>
      this.#owner.accepted({ socket, stream, caller }),
    )
  }

  #refusal({ headers }: IncomingMessage, caller: Caller): string | undefined {
    const { origins, protocol } = this.#options
    if (!origins.allows(headers.origin)) {
      this.#owner.refused('origin')
      return '403 Forbidden'
    }
    const protocols = headers['sec-websocket-protocol']?.split(',') ?? []
    if (!protocols.some((name) => name.trim() === protocol)) {
      this.#owner.refused('protocol')
      return '400 Bad Request'
    }
    return this.#owner.hasRoomFor(caller) ? undefined : '503 Service Unavailable'
  }
}

/** XMPP over WebSocket (RFC 7395): the paths that take WebSockets of the subprotocol `xmpp`. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Caller } from '../../../net/callers.ts'
import { onWebSocket, refuseUpgrade } from '../../../net/http-upgrades.ts'
import { ClientStream } from '../../c2s/client-stream.ts'
import type { ConnectionDeps } from '../../c2s/connection.ts'
import { sourceOf } from '../../c2s/source-address.ts'
import type { HttpDeps } from '../http-deps.ts'
import { refused } from '../metrics.ts'
import { Heartbeats } from './heartbeats.ts'
import { WebSocketConnection, type WebSocketParts } from './websocket-connection.ts'

const PROTOCOL = 'xmpp'
/** Messages are small, and nobody has a reason to send one in very many pieces. */
const MAX_FRAGMENTS = 256

export class WebSockets implements Disposable {
  readonly #deps: HttpDeps
  readonly #server: WebSocketServer
  readonly #heartbeats: Heartbeats
  readonly #watched: ConnectionDeps

  constructor(deps: HttpDeps) {
    this.#deps = deps
    const { config, clock } = deps.streams.deps
    this.#heartbeats = new Heartbeats(clock, deps.config.websocketPing)
    this.#watched = {
      ...deps.streams.deps,
      left: (visitor) => {
        if (visitor instanceof WebSocketConnection) this.#heartbeats.remove(visitor)
        deps.streams.deps.left(visitor)
      },
    }
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // What is a little too large is told so in XMPP; what is much too large is not read.
      maxPayload: config.maxStanzaBytes * 2,
      maxFragments: MAX_FRAGMENTS,
      perMessageDeflate: false,
      // §3.1: that it is asked for has been seen.
      handleProtocols: () => PROTOCOL,
    })
  }

  addTo(app: FastifyInstance): void {
    for (const path of this.#deps.config.websocketPaths) {
      onWebSocket(app, path, (request, socket, head) => this.#upgrade(request, socket, head))
      app.get(path, (_request, reply) =>
        reply
          .status(426)
          .headers({ upgrade: 'websocket', connection: 'upgrade' })
          .type('text/plain')
          .send('XMPP over WebSocket (RFC 7395): connect with a WebSocket of the protocol xmpp.\n'),
      )
    }
  }

  [Symbol.dispose](): void {
    this.#heartbeats[Symbol.dispose]()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const caller = this.#deps.callers.of(request)
    const refusal = this.#refusal(request, caller)
    if (refusal) {
      refuseUpgrade(socket, refusal)
      return
    }
    this.#server.handleUpgrade(request, socket, head, (accepted: WebSocket) => {
      const { websocketChannelBinding: mayBind } = this.#deps.config
      this.#accept({ socket: accepted, stream: socket, caller, mayBind })
    })
  }

  #refusal({ headers }: IncomingMessage, caller: Caller): string | undefined {
    const { streams, origins } = this.#deps
    if (!origins.allows(headers.origin)) {
      refused.inc({ transport: 'websocket', reason: 'origin' })
      return '403 Forbidden'
    }
    // §3.1
    const protocols = headers['sec-websocket-protocol']?.split(',') ?? []
    if (!protocols.some((name) => name.trim() === PROTOCOL)) {
      refused.inc({ transport: 'websocket', reason: 'protocol' })
      return '400 Bad Request'
    }
    // Before it costs a handshake; RFC 6120 §4.9.3.17 in HTTP's words.
    const full = streams.refusal('websocket', sourceOf(caller.address))
    return full === undefined ? undefined : '503 Service Unavailable'
  }

  #accept(parts: WebSocketParts): void {
    const { streams } = this.#deps
    const connection = streams.admit(
      sourceOf(parts.caller.address),
      (usage) => new WebSocketConnection(this.#watched, parts, usage),
    )
    this.#heartbeats.add(connection)
    connection.start(new ClientStream(streams.deps, connection))
  }
}

/** XMPP over WebSocket (RFC 7395): the paths that take WebSockets of the subprotocol `xmpp`. */
import type { FastifyInstance } from 'fastify'
import type { Caller } from '../../../net/callers.ts'
import { Heartbeats } from '../../../net/heartbeats.ts'
import { type AcceptedWebSocket, WebSocketEndpoint } from '../../../net/websocket-endpoint.ts'
import { ClientStream } from '../../c2s/client-stream.ts'
import type { ConnectionDeps } from '../../c2s/connection.ts'
import { sourceOf } from '../../c2s/source-address.ts'
import type { HttpDeps } from '../http-deps.ts'
import { refused } from '../metrics.ts'
import { WebSocketConnection } from './websocket-connection.ts'

export class WebSockets implements Disposable {
  readonly #deps: HttpDeps
  readonly #endpoint: WebSocketEndpoint
  readonly #heartbeats: Heartbeats
  readonly #watched: ConnectionDeps

  constructor(deps: HttpDeps) {
    this.#deps = deps
    const { streams, callers, origins } = deps
    const { config, clock } = streams.deps
    this.#heartbeats = new Heartbeats(clock, deps.config.websocketPing)
    this.#watched = {
      ...streams.deps,
      left: (visitor) => {
        if (visitor instanceof WebSocketConnection) this.#heartbeats.remove(visitor)
        streams.deps.left(visitor)
      },
    }
    const options = {
      paths: deps.config.websocketPaths,
      protocol: 'xmpp', // §3.1
      about: 'XMPP over WebSocket (RFC 7395): connect with a WebSocket of the protocol xmpp.\n',
      // What is a little too large is told so in XMPP; what is much too large is not read.
      maxPayload: config.maxStanzaBytes * 2,
      ...{ callers, origins },
    }
    this.#endpoint = new WebSocketEndpoint(options, {
      // RFC 6120 §4.9.3.17 in HTTP's words.
      hasRoomFor: (caller) => streams.refusal('websocket', addressOf(caller)) === undefined,
      refused: (reason) => refused.inc({ transport: 'websocket', reason }),
      accepted: (accepted) => this.#accept(accepted),
    })
  }

  addTo(app: FastifyInstance): void {
    this.#endpoint.addTo(app)
  }

  [Symbol.dispose](): void {
    this.#heartbeats[Symbol.dispose]()
  }

  #accept(accepted: AcceptedWebSocket): void {
    const { streams, config } = this.#deps
    const parts = { ...accepted, mayBind: config.websocketChannelBinding }
    const connection = streams.admit(
      addressOf(accepted.caller),
      (usage) => new WebSocketConnection(this.#watched, parts, usage),
    )
    this.#heartbeats.add(connection)
    connection.start(new ClientStream(streams.deps, connection))
  }
}

function addressOf({ address }: Caller): string {
  return sourceOf(address)
}

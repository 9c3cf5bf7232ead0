/** SIP over WebSocket (RFC 7118): what adds its paths to an HTTP listener. Any number of listeners share the connections. */
import type { FastifyInstance } from 'fastify'
import { Callers } from '../../../net/callers.ts'
import { Heartbeats } from '../../../net/heartbeats.ts'
import type { HttpPart } from '../../../net/http-part.ts'
import { type OriginRules, Origins } from '../../../net/origins.ts'
import { WebSocketEndpoint } from '../../../net/websocket-endpoint.ts'
import type { Clock } from '../../../util/clock.ts'
import { normalizeHost } from '../addresses.ts'
import { connectionsRefused } from '../metrics.ts'
import type { SipTransports } from '../transports.ts'

export interface WebSocketRules extends OriginRules {
  readonly paths: readonly string[]
  /** Milliseconds from one question for a sign of life to the next; 0 asks never. */
  readonly pingMs: number
  readonly trustedProxies: readonly string[]
}

interface PartDeps {
  readonly clock: Clock
  readonly transports: SipTransports
}

/** `undefined` where there is no path. */
export function sipOverWebSocket(
  { clock, transports }: PartDeps,
  rules: WebSocketRules,
): HttpPart | undefined {
  const { paths, pingMs, trustedProxies } = rules
  if (paths.length === 0) return undefined
  const heartbeats = new Heartbeats(clock, pingMs)
  const endpoint = new WebSocketEndpoint(
    {
      paths,
      protocol: 'sip', // §4
      about: 'SIP over WebSocket (RFC 7118): connect with a WebSocket of the protocol sip.\n',
      maxPayload: transports.limits.maxMessageBytes,
      callers: new Callers(trustedProxies),
      origins: new Origins(rules),
    },
    {
      hasRoomFor: ({ address, isEncrypted }) =>
        transports.hasRoomFor(normalizeHost(address), isEncrypted ? 'wss' : 'ws'),
      refused: (reason) => connectionsRefused.inc({ reason }),
      accepted: (accepted) => {
        const connection = transports.acceptWebSocket(accepted)
        if (!connection) return
        heartbeats.add(connection)
        accepted.socket.once('close', () => heartbeats.remove(connection))
      },
    },
  )
  return (app: FastifyInstance) => {
    endpoint.addTo(app)
    app.addHook('preClose', async () => transports.closeWebSockets())
  }
}

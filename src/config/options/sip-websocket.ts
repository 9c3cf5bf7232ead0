import Type from 'typebox'
import { duration, list } from '../option.ts'

export const sipWebSocketOptions = Type.Object(
  {
    paths: list('urlPath', {
      default: ['/sip-ws'],
      max: 16,
      doc: 'Where WebSockets of the subprotocol `sip` are taken. None where it is empty.',
    }),
    ping: duration({
      default: '45s',
      max: '1h',
      doc: 'How often a WebSocket is asked for a sign of life. One that gives none until the next time is closed. 0s never asks.',
    }),
  },
  {
    description:
      'SIP over WebSocket (RFC 7118), on `listen.https`, `listen.httpsXmpp` and `listen.http`. `http.allowedOrigins` and `http.trustedProxies` hold here too.',
  },
)

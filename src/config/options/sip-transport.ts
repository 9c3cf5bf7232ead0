import Type from 'typebox'
import { boolean, duration, integer, size } from '../option.ts'

export const sipTransportOptions = Type.Object(
  {
    maxConnections: integer({
      default: 20_000,
      min: 1,
      max: 1_000_000,
      doc: 'Connections over TCP, TLS and WebSocket together, those that the server opened included. Above it new ones are turned away.',
    }),
    maxTlsConnections: integer({
      default: 20_000,
      min: 0,
      max: 1_000_000,
      doc: 'Connections over TLS, of those. Above it new ones are turned away.',
    }),
    maxConnectionsPerAddress: integer({
      default: 1_000,
      min: 1,
      max: 1_000_000,
      doc: 'Connections of one address, of those. Above it new ones are turned away.',
    }),
    idleTimeout: duration({
      default: '65m',
      max: '1w',
      doc: 'How long a connection may be without a message or keep-alive before it is closed; longer than registrations usually last. 0s closes none.',
    }),
    connectTimeout: duration({
      default: '4s',
      min: '100 ms',
      max: '1m',
      doc: 'How long opening a connection may take, TLS included.',
    }),
    keepAlive: duration({
      default: '0s',
      max: '1h',
      doc: 'How often a peer is asked for a sign of life on a connection that the server opened to it (RFC 5626 §4.4.1). One that gives none within ten seconds loses the connection. 0s never asks; for a single peer `sip.peerRules` says so.',
    }),
    stun: boolean({
      default: true,
      doc: 'Whether STUN keep-alives are answered on the UDP port (RFC 5626 §8).',
    }),
    maxMessage: size({
      default: '256 KB',
      min: 4096,
      max: 16_777_216,
      doc: 'The longest SIP message that is taken over TCP, TLS and WebSocket. A longer one ends its connection.',
    }),
    maxQueued: size({
      default: '1 MB',
      min: 65_536,
      max: 67_108_864,
      doc: 'What one peer may leave unread before it loses its connection.',
    }),
    maxUdpRequest: size({
      default: '1300',
      max: 65_535,
      doc: 'Requests of the server’s that are longer go by TCP where UDP was meant (RFC 3261 §18.1.1). 0 sends all by TCP, 65535 none.',
    }),
    checkTlsName: boolean({
      default: true,
      doc: 'Whether the certificate of a peer that the server connects to must be for its name, where `sip.tlsVerify` has it checked at all. Without it any of an authority that is trusted will do.',
    }),
  },
  { description: 'Connections and messages of SIP.' },
)

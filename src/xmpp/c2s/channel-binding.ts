/** Names for a TLS connection that both ends can compute and nobody between them can (RFC 5056). */
import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ChannelBindingType } from '../sasl/mechanism.ts'

/** `undefined` where the type does not apply to this connection. */
export function channelBinding(socket: TLSSocket, type: ChannelBindingType): Buffer | undefined {
  return type === 'tls-exporter' ? exporter(socket) : endPoint(socket)
}

/** RFC 9266 §4.2: only where the handshake makes the value unique, which TLS 1.3 always does. */
function exporter(socket: TLSSocket): Buffer | undefined {
  if (socket.getProtocol() !== 'TLSv1.3') return undefined
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
}

/** RFC 5929 §4.1: the hash of our certificate by its own signature's algorithm, SHA-256 instead of anything weaker. */
function endPoint(socket: TLSSocket): Buffer | undefined {
  const certificate = socket.getX509Certificate()
  if (!certificate) return undefined
  const algorithm = /sha-?(256|384|512)/i.exec(certificate.signatureAlgorithm ?? '')?.[1] ?? '256'
  return createHash(`sha${algorithm}`).update(certificate.raw).digest()
}

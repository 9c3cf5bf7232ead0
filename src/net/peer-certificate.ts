/** The certificate that a client shows in the handshake (RFC 8446 §4.4.2), and what OpenSSL says of it. */
import type { TLSSocket } from 'node:tls'
import type { PeerCertificate } from './link.ts'

/** `undefined` where the client showed none. */
export function peerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerX509Certificate()
  return certificate && { raw: certificate.raw, problem: problemOf(socket) }
}

/**
 * @COMPAT(node, 24): `authorizationError` is set by a `tls.Server` only; what it asks is asked here of a socket
 * that had none. Whatever cannot be asked is not in order.
 */
function problemOf(socket: TLSSocket): string | undefined {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (!hasVerdict(handle)) return 'NOT_VERIFIED'
  const error = handle.verifyError()
  if (error === null || error === undefined) return undefined
  const code: unknown = typeof error === 'object' && Reflect.get(error, 'code')
  return typeof code === 'string' ? code : 'NOT_VERIFIED'
}

function hasVerdict(handle: unknown): handle is { verifyError(): unknown } {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    typeof Reflect.get(handle, 'verifyError') === 'function'
  )
}

/** Names for a TLS connection that both ends can compute and nobody between them can (RFC 5056). */
import { createHash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ChannelBindingType } from './link.ts'

/** A TLS connection of ours, and what it shows the peer. */
export interface Secured {
  readonly socket: TLSSocket
  /** The same for all connections that are shown the same certificate, where that is known. */
  readonly context: object
}

/** `undefined` where the type does not apply to this connection. */
export function channelBinding(secured: Secured, type: ChannelBindingType): Buffer | undefined {
  switch (type) {
    case 'tls-exporter':
      return exporter(secured.socket)
    case 'tls-server-end-point':
      return endPoint(secured)
    case 'tls-unique':
      return unique(secured.socket)
  }
}

/** Those to tell the client of (XEP-0440). */
export function channelBindings(secured: Secured): readonly ChannelBindingType[] {
  const isNew = secured.socket.getProtocol() === 'TLSv1.3'
  return strongestFirst({
    'tls-exporter': isNew,
    'tls-unique': !isNew && !secured.socket.isSessionReused(),
    'tls-server-end-point': endPoint(secured) !== undefined,
  })
}

const LISTS: readonly (readonly ChannelBindingType[])[] = [
  [],
  ['tls-server-end-point'],
  ['tls-unique'],
  ['tls-unique', 'tls-server-end-point'],
  ['tls-exporter'],
  ['tls-exporter', 'tls-server-end-point'],
]

/** One list for all connections of a kind. Where there is tls-exporter, tls-unique is not defined (RFC 9266 §3). */
export function strongestFirst(has: Readonly<Record<ChannelBindingType, boolean>>) {
  const own = has['tls-exporter'] ? 4 : has['tls-unique'] ? 2 : 0
  return LISTS[own + (has['tls-server-end-point'] ? 1 : 0)] ?? []
}

/** RFC 9266 §4.2: only where the handshake makes the value unique, which TLS 1.3 always does. */
function exporter(socket: TLSSocket): Buffer | undefined {
  if (socket.getProtocol() !== 'TLSv1.3') return undefined
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
}

/** A certificate is shown to many, and reading it takes longer than the rest of a sign-in. */
const endPoints = new WeakMap<object, { readonly name: Buffer | undefined }>()

function endPoint({ socket, context }: Secured): Buffer | undefined {
  const known = endPoints.get(context)
  if (known) return known.name
  const name = endPointOf(socket)
  endPoints.set(context, { name })
  return name
}

/**
 * RFC 5929 §4.1: the hash of our certificate by its own signature's algorithm, SHA-256 instead of
 * anything weaker. Not defined where the signature has no such hash (Ed25519), and not known here
 * where only its parameters name it (RSASSA-PSS).
 */
function endPointOf(socket: TLSSocket): Buffer | undefined {
  const certificate = socket.getX509Certificate()
  const algorithm = /(?:md5|sha-?(\d+))/i.exec(certificate?.signatureAlgorithm ?? '')
  if (!certificate || !algorithm) return undefined
  const [, size = '1'] = algorithm
  const digest = size === '1' ? 'sha256' : `sha${size}`
  return createHash(digest).update(certificate.raw).digest()
}

/**
 * RFC 5929 §3.1: the first Finished message, the client's unless the session was resumed. Resumed in
 * TLS 1.2 it may be the same on two connections (RFC 7627 §1), so there is none.
 * @COMPAT(slixmpp, 1.8): asks for it in TLS 1.3 too, which RFC 5929 does not know; there it is as good.
 */
function unique(socket: TLSSocket): Buffer | undefined {
  if (!socket.isSessionReused()) return socket.getPeerFinished()
  return socket.getProtocol() === 'TLSv1.3' ? socket.getFinished() : undefined
}

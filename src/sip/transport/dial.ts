/** Opens a TCP or TLS connection, with a deadline. */
import { isIP, type Socket, connect as tcpConnect } from 'node:net'
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { Clock } from '../../util/clock.ts'
import { certificateNames, provesDomain } from './certificate-names.ts'
import type { Peer } from './transport.ts'

/** How we connect to others by TLS. */
export interface TlsClientSettings {
  /** Our certificate, for peers that ask for one, and the authorities that we trust. */
  readonly context: () => SecureContext
  /** Whether the peer must prove `Peer.domain`, or else its host (RFC 5922 §4). */
  readonly verify: boolean
}

export interface Dialled {
  readonly socket: Socket
  readonly provenNames: readonly string[]
}

interface DialDeps {
  readonly clock: Clock
  readonly tls: TlsClientSettings | undefined
  readonly connectMs: number
}

/** Rejects where nobody accepts in time, or the certificate does not prove who the peer must be. */
export function dial({ clock, tls, connectMs }: DialDeps, peer: Peer): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    const socket = peer.transport === 'tls' ? openTls(tls, peer) : openTcp(peer)
    const deadline = clock.after(connectMs, () => {
      socket.destroy(new Error(`no connection to ${peer.host}:${peer.port} in time`))
    })
    const failed = (error: Error) => {
      deadline.cancel()
      reject(error)
    }
    socket.once('error', failed)
    socket.once('close', () => failed(new Error('closed while connecting')))
    socket.once(peer.transport === 'tls' ? 'secureConnect' : 'connect', () => {
      deadline.cancel()
      socket.removeListener('error', failed)
      socket.on('error', () => undefined)
      resolve({ socket, provenNames: namesProvenBy(socket) })
    })
  })
}

function openTcp({ host, port }: Peer): Socket {
  return tcpConnect({ host, port })
}

function openTls(tls: TlsClientSettings | undefined, { host, port, domain }: Peer): TLSSocket {
  const expected = domain ?? host
  return tlsConnect({
    host,
    port,
    ...(isIP(expected) === 0 && { servername: expected }),
    ...(tls && { secureContext: tls.context() }),
    rejectUnauthorized: tls?.verify ?? true,
    checkServerIdentity: (_name, certificate) =>
      provesDomain(certificateNames(certificate), expected)
        ? undefined
        : new Error(`the certificate is not for ${expected}`),
  })
}

function namesProvenBy(socket: Socket | TLSSocket): readonly string[] {
  if (!('getPeerCertificate' in socket) || !socket.authorized) return []
  return certificateNames(socket.getPeerCertificate())
}

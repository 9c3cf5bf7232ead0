/** Opens a TCP or TLS connection, with a deadline. */
import { isIP, type Socket, connect as tcpConnect } from 'node:net'
import {
  type SecureContext,
  type SecureVersion,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls'
import type { Clock } from '../../util/clock.ts'
import { certificateNames, provesDomain } from './certificate-names.ts'
import type { PeerRule, TlsCheck } from './peer-rules.ts'
import type { Peer } from './transport.ts'

/** How we connect to others by TLS. */
export interface TlsClientSettings {
  /** Our certificate, for peers that ask for one, and the authorities that we trust. */
  readonly context: (minVersion?: SecureVersion) => SecureContext
  /** Whether the peer must prove `Peer.domain`, or else its host (RFC 5922 §4), by an authority that is trusted. */
  readonly verify: boolean
  /** False where any certificate of such an authority will do. */
  readonly checksName?: boolean
}

export interface Dialled {
  readonly socket: Socket
  readonly provenNames: readonly string[]
}

interface DialDeps {
  readonly clock: Clock
  readonly tls: TlsClientSettings | undefined
  readonly connectMs: number
  readonly rule: PeerRule | undefined
}

/** Rejects where nobody accepts in time, or the certificate does not prove who the peer must be. */
export function dial(deps: DialDeps, peer: Peer): Promise<Dialled> {
  const { clock, connectMs } = deps
  return new Promise((resolve, reject) => {
    const socket = peer.transport === 'tls' ? openTls(deps, peer) : openTcp(peer)
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

/** What the peer's certificate must show. */
export function tlsCheck(tls: TlsClientSettings | undefined, rule: PeerRule | undefined): TlsCheck {
  if (rule?.tlsCheck) return rule.tlsCheck
  if (tls?.verify === false) return 'off'
  return tls?.checksName === false ? 'authority' : 'name'
}

function openTls({ tls, rule }: DialDeps, { host, port, domain }: Peer): TLSSocket {
  const expected = domain ?? host
  const check = tlsCheck(tls, rule)
  return tlsConnect({
    host,
    port,
    ...(isIP(expected) === 0 && { servername: expected }),
    ...(tls && { secureContext: tls.context(rule?.minTlsVersion) }),
    rejectUnauthorized: check !== 'off',
    checkServerIdentity: (_name, certificate) =>
      check !== 'name' || provesDomain(certificateNames(certificate), expected)
        ? undefined
        : new Error(`the certificate is not for ${expected}`),
  })
}

function namesProvenBy(socket: Socket | TLSSocket): readonly string[] {
  if (!('getPeerCertificate' in socket) || !socket.authorized) return []
  return certificateNames(socket.getPeerCertificate())
}

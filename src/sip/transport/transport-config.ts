/** The operator's options in the transports' own words. */
import {
  createSecureContext,
  rootCertificates,
  type SecureContext,
  type SecureVersion,
} from 'node:tls'
import type { Config } from '../../config/schema.ts'
import type { TlsClientSettings } from './dial.ts'
import type { TransportLimits } from './limits.ts'
import type { PeerRule } from './peer-rules.ts'

export function transportLimits({ transport }: Config['sip']): Partial<TransportLimits> {
  return {
    maxConnections: transport.maxConnections,
    maxTlsConnections: transport.maxTlsConnections,
    maxConnectionsPerAddress: transport.maxConnectionsPerAddress,
    idleMs: transport.idleTimeout === 0 ? Infinity : transport.idleTimeout,
    connectMs: transport.connectTimeout,
    keepAliveMs: transport.keepAlive,
    maxMessageBytes: transport.maxMessage,
    maxQueuedBytes: transport.maxQueued,
    maxUdpRequestBytes: transport.maxUdpRequest,
    answersStun: transport.stun,
  }
}

export function peerRules({ peerRules }: Config['sip']): readonly PeerRule[] {
  return peerRules.map((rule) => ({
    peers: rule.peers,
    transport: rule.transport === 'same' ? undefined : rule.transport,
    maxUdpRequestBytes: rule.maxUdpRequest,
    tlsCheck: rule.tlsVerify === 'same' ? undefined : rule.tlsVerify,
    minTlsVersion: rule.tlsMinVersion === 'same' ? undefined : `TLSv${rule.tlsMinVersion}`,
    keepAliveMs: rule.keepAlive,
  }))
}

interface Shown {
  readonly identity: {
    readonly cert: string
    readonly key: string
    readonly minVersion: SecureVersion
  }
  readonly clientCa: string | undefined
}

/** Our certificate to show, and whom to believe: the system’s authorities and the operator’s own. */
export function tlsClientSettings(tls: Shown, sip: Config['sip']): TlsClientSettings {
  return {
    context: (minVersion) => clientContext(tls, minVersion),
    verify: sip.tlsVerify,
    checksName: sip.transport.checkTlsName,
  }
}

function clientContext({ identity, clientCa }: Shown, minVersion?: SecureVersion): SecureContext {
  const ca = clientCa === undefined ? {} : { ca: [...rootCertificates, clientCa] }
  return createSecureContext({ ...identity, ...(minVersion && { minVersion }), ...ca })
}

/** A user agent on real sockets at 127.0.0.1, with whatever of it a test replaces. */
import type { TlsOptions } from 'node:tls'
import type { TrustedPeers } from '../../src/sip/auth/trusted-peers.ts'
import type { TimerBase } from '../../src/sip/transaction/timers.ts'
import type { TransactionLimits } from '../../src/sip/transaction/transactions.ts'
import type { TlsClientSettings } from '../../src/sip/transport/dial.ts'
import type { NameResolver } from '../../src/sip/transport/dns/records.ts'
import type { TransportLimits } from '../../src/sip/transport/limits.ts'
import type { PeerRules } from '../../src/sip/transport/peer-rules.ts'
import { SipTransports } from '../../src/sip/transport/transports.ts'
import { SipUserAgent } from '../../src/sip/user-agent.ts'
import { type Clock, SystemClock } from '../../src/util/clock.ts'
import { silentLog } from '../../src/util/log.ts'
import type { OverloadGuard } from '../../src/util/overload.ts'

export interface RigOptions {
  clock?: Clock
  limits?: Partial<TransportLimits>
  transactions?: Partial<TransactionLimits>
  timers?: TimerBase
  trustedPeers?: TrustedPeers
  resolver?: NameResolver
  advertise?: string
  tls?: TlsOptions
  tlsClient?: TlsClientSettings
  overload?: OverloadGuard
  failedMs?: number
  rules?: PeerRules
}

export async function startRig(options: RigOptions = {}) {
  const { clock = new SystemClock(), limits = {}, advertise, tls, tlsClient, rules } = options
  const deps = { clock, log: silentLog, limits, advertise, tlsClient, rules }
  const transports = new SipTransports(deps)
  const agent = new SipUserAgent({
    clock,
    log: silentLog,
    transports,
    overload: options.overload,
    ...(options.transactions && { limits: options.transactions }),
    ...(options.timers && { timers: options.timers }),
    ...(options.trustedPeers && { trustedPeers: options.trustedPeers }),
    failedMs: options.failedMs,
    ...(options.resolver && { resolver: options.resolver }),
  })
  const at = { host: '127.0.0.1', port: 0 }
  const udp = await transports.listenUdp(at)
  const tcp = await transports.listenTcp(at)
  const secure = tls ? await transports.listenTls(at, tls) : undefined
  return {
    agent,
    transports,
    udp: udp.port,
    tcp: tcp.port,
    tls: secure?.port ?? 0,
    async [Symbol.asyncDispose]() {
      agent.close()
      await transports.close()
    },
  }
}

/** Puts the proxy in front of the user agent. */
import type { SipAuthenticator } from '../auth/identity.ts'
import { TrustedPeers } from '../auth/trusted-peers.ts'
import type { ResolveResource } from '../events/resources.ts'
import type { Registrations } from '../registrar/start-registrar.ts'
import type { SipConfig, SipDeps, Stack } from '../services.ts'
import { UdpOnlyPeers } from '../transaction/udp-only-peers.ts'
import { outboundRoute } from './destinations.ts'
import { FlowTokens } from './flow-tokens.ts'
import { Location } from './location.ts'
import { OwnAddresses } from './own-addresses.ts'
import { waysOf } from './own-requests.ts'
import { Permission } from './permission.ts'
import { SipProxy } from './proxy.ts'
import { Rules } from './rules.ts'

export interface ProxyParts extends Registrations {
  readonly secret: Buffer
  readonly authenticator: SipAuthenticator
  readonly resolve: ResolveResource
}

export function startProxy(
  { sip }: SipConfig,
  { clock, log, directory }: SipDeps,
  { userAgent, transports }: Stack,
  parts: ProxyParts,
): void {
  const { secret, authenticator } = parts
  const { rules, defaultRule, destinations, hosts, recordRoute } = sip.proxy
  const isLocal = (domain: string) => directory.isLocal(domain)
  const listening = () => transports.listening
  const own = new OwnAddresses({ clock, advertise: sip.advertise, isLocal, listening })
  const permission = new Permission({
    trustedPeers: new TrustedPeers(sip.trustedPeers),
    identify: (request, source) => authenticator.identifyForRelay(request, source),
  })
  const plan = {
    location: new Location(parts),
    destinations: new Map(destinations.map((one) => [one.name, one])),
    hosts: new Map(hosts.map((one) => [one.domain, one])),
    outboundProxy: outboundRoute(sip.outboundProxy),
  }
  userAgent.findWaysBy((request) => waysOf(request, { own, plan }))
  userAgent.relayBy(
    ({ transactions, find }) =>
      new SipProxy({
        ...{ clock, log, secret, transports, transactions },
        decision: {
          ...{ own, defaultRule, rules: new Rules(rules) },
          handles: (method) => userAgent.handles(method),
        },
        plan,
        dispatch: {
          ...{ find, udpOnly: new UdpOnlyPeers(clock) },
          maxUdpBytes: transports.limits.maxUdpRequestBytes,
          acquire: (peer) => transports.acquire(peer),
          existing: (peer) => transports.existing(peer),
        },
        forwarder: { tokens: new FlowTokens(secret), permission, recordRoute, isLocal },
      }),
  )
}

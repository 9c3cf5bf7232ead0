/** The SIP part: opens the listeners and wires transports, user agent, registrar, events and messages. */
import type { ListenAddress } from '../config/values.ts'
import type { HttpPart } from '../net/http-part.ts'
import { TrustedPeers } from './auth/trusted-peers.ts'
import { type SipConfig, type SipDeps, startServices, type TlsSource } from './services.ts'
import { PeerRates } from './transaction/peer-rates.ts'
import { openResolver } from './transport/dns/open-resolver.ts'
import { PeerRules } from './transport/peer-rules.ts'
import { peerRules, tlsClientSettings, transportLimits } from './transport/transport-config.ts'
import { SipTransports, type TransportDeps } from './transport/transports.ts'
import { sipOverWebSocket, type WebSocketRules } from './transport/websocket/websocket-part.ts'
import { SipUserAgent } from './user-agent.ts'

export type { SipConfig, SipDeps, SipDirectory, TlsSource } from './services.ts'

const KINDS = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const

type ListenerKind = (typeof KINDS)[keyof typeof KINDS]

export interface SipListener {
  readonly name: string
  readonly kind: ListenerKind
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** With the port that it got. */
  readonly address: ListenAddress
}

export interface SipServer extends AsyncDisposable {
  readonly listeners: readonly SipListener[]
  /** What is served over HTTP. */
  readonly httpParts: readonly HttpPart[]
}

/** Resolves when every listener accepts; rejects with what the system said where one cannot open, all of them closed. */
export async function startSip(config: SipConfig, deps: SipDeps): Promise<SipServer> {
  await using starting = new AsyncDisposableStack()
  const transports = new SipTransports(transportDeps(config, deps))
  starting.defer(() => transports.close())
  const trustedPeers = new TrustedPeers(config.sip.trustedPeers)
  const userAgent = new SipUserAgent({
    clock: deps.clock,
    log: deps.log,
    transports,
    overload: deps.overload,
    peerRates: peerRates(config, deps, trustedPeers),
    trustedPeers,
    resolver: openResolver(deps, config.sip.dns),
    failedMs: config.sip.dns.failedFor,
    ...(deps.product && { product: deps.product }),
    ...deps.userAgent,
  })
  starting.defer(() => userAgent.close())
  await startServices(config, deps, { transports, userAgent, starting })
  const listeners = await listen(config, deps, transports)
  for (const backlog of transports.udpBacklogs) {
    if (deps.overload) starting.use(deps.overload.watch(backlog))
  }
  if (deps.tls) starting.use(deps.tls.onChange(() => renew(transports, deps.tls)))
  const overHttp = sipOverWebSocket({ clock: deps.clock, transports }, webSocketRules(config))
  const httpParts = overHttp ? [overHttp] : []
  const running = starting.move()
  return { listeners, httpParts, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

function peerRates({ sip }: SipConfig, { clock }: SipDeps, trustedPeers: TrustedPeers): PeerRates {
  const limits = {
    perSecond: sip.peers.maxRequestsPerSecond,
    perSecondTrusted: sip.peers.maxRequestsPerSecondTrusted,
  }
  return new PeerRates({ clock, trustedPeers, limits })
}

async function listen(
  { listen, sip }: SipConfig,
  { tls }: SipDeps,
  transports: SipTransports,
): Promise<SipListener[]> {
  const usual = (['udp', 'tcp', 'tls'] as const).map((transport) => {
    const kind = KINDS[transport]
    return { name: kind, transport, address: listen[kind] }
  })
  const listeners: SipListener[] = []
  for (const { name = '', transport, address } of [...usual, ...sip.listeners]) {
    if (!address || (transport === 'tls' && !tls)) continue
    const bound = await listenOn(transports, { transport, address, tls })
    listeners.push({ name, kind: KINDS[transport], transport, address: bound })
  }
  return listeners
}

interface Listening {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly address: ListenAddress
  readonly tls: TlsSource | undefined
}

function listenOn(
  transports: SipTransports,
  { transport, address, tls }: Listening,
): Promise<ListenAddress> {
  if (transport === 'udp') return transports.listenUdp(address)
  return transport === 'tls' && tls
    ? transports.listenTls(address, tlsOptions(tls))
    : transports.listenTcp(address)
}

function webSocketRules({ sip, http }: SipConfig): WebSocketRules {
  const { paths, ping } = sip.webSocket
  return { ...http, paths, pingMs: ping }
}

function tlsOptions({ identity, clientCa }: TlsSource) {
  const { cert, key, minVersion } = identity
  return { cert, key, minVersion, ...(clientCa !== undefined && { ca: clientCa }) }
}

function renew(transports: SipTransports, tls: TlsSource | undefined): void {
  if (tls) transports.renewTls(tlsOptions(tls))
}

function transportDeps({ listen, sip }: SipConfig, { clock, log, tls }: SipDeps): TransportDeps {
  return {
    ...{ clock, log },
    limits: transportLimits(sip),
    rules: new PeerRules(peerRules(sip)),
    tlsClient: tls && speaksTls({ listen, sip }) ? tlsClientSettings(tls, sip) : undefined,
    advertise: sip.advertise,
  }
}

function speaksTls({ listen, sip }: Pick<SipConfig, 'listen' | 'sip'>): boolean {
  return listen.sipTls !== undefined || sip.listeners.some(({ transport }) => transport === 'tls')
}

/** XMPP for clients: streams below, instant messaging and presence above. */
import type { ListenAddress } from '../config/values.ts'
import { Callers } from '../net/callers.ts'
import type { HttpPart } from '../net/http-part.ts'
import type { ClientCertificates, LinkSource } from '../net/link.ts'
import type { OverloadGuard } from '../util/overload.ts'
import { type C2s, type C2sListener, startC2s } from './c2s/c2s.ts'
import type { ClientStreams, StreamRules } from './c2s/client-streams.ts'
import type { C2sConfig } from './c2s/config.ts'
import { type ComponentListener, listenForComponents } from './components/listener.ts'
import type { HttpConfig } from './http/http-config.ts'
import { xmppOverHttp } from './http/xmpp-over-http.ts'
import { type ImDeps, type InstantMessaging, openInstantMessaging } from './im.ts'
import { type NoticeStore, Notices } from './notices/notices.ts'
import { FastTokens, type TokenStore } from './sasl/fast/fast-tokens.ts'
import { uploadPart } from './upload/http/upload-part.ts'
import type { XmppConfig } from './xmpp-config.ts'

/** A structural part of the server's configuration. */
export interface StartXmppConfig {
  readonly listen: {
    readonly xmpp: ListenAddress | undefined
    readonly xmppTls: ListenAddress | undefined
    /** For external components; absent where there are none. */
    readonly components?: ListenAddress | undefined
  }
  /** More of them, each with rules of its own. */
  readonly listeners: readonly ListenerConfig[]
  readonly http: HttpConfig
  readonly xmpp: C2sConfig & XmppConfig & SignInConfig
}

export type AskForCertificates = 'off' | 'optional' | 'required'

export interface SignInConfig {
  /** Of tokens that clients are given (XEP-0484), milliseconds; none are given where absent or 0. */
  readonly tokenLifetimeMs?: number | undefined
  /** On `listen.xmpp` and `listen.xmppTls`; off where absent. */
  readonly clientCertificates?: AskForCertificates | undefined
}

type TcpKind = 'xmpp' | 'xmppTls'
type HttpKind = 'httpsXmpp' | 'http'

export interface ListenerConfig {
  readonly name: string | undefined
  readonly kind: TcpKind | HttpKind
  readonly address: ListenAddress | undefined
  readonly maxConnections: number
  /** Milliseconds. */
  readonly idleTimeout: number
  readonly tlsRequired: boolean
  /** All, where it is empty. */
  readonly mechanisms: readonly string[]
  readonly realm: string | undefined
  readonly clientCertificates?: AskForCertificates | undefined
}

export interface XmppDeps extends ImDeps {
  /** Where clients' connections come from. */
  readonly links: LinkSource
  /** This installation's; one that ends with the process, where absent. */
  readonly key?: Buffer | undefined
  readonly tokenStore?: TokenStore | undefined
  readonly noticeStore?: NoticeStore | undefined
  /** Whose certificates clients may show, in PEM; nobody is asked for any without them. */
  readonly clientAuthorities?: string | undefined
  /** Without it nobody is turned away for overload. */
  readonly overload?: OverloadGuard | undefined
}

export interface Xmpp extends AsyncDisposable {
  readonly listeners: readonly {
    readonly name: string
    readonly kind: TcpKind | 'components'
    readonly address: ListenAddress
  }[]
  /** What is served over HTTP, on listeners that have no rules of their own. */
  readonly httpParts: readonly HttpPart[]
  /** Those that have some, and are to be opened. */
  readonly httpListeners: readonly HttpListenerConfig[]
}

export interface HttpListenerConfig {
  readonly name: string
  readonly kind: HttpKind
  readonly address: ListenAddress
  readonly maxConnections: number
  /** Nobody signs in there without TLS. */
  readonly tlsRequired: boolean
  readonly parts: readonly HttpPart[]
}

/** Resolves when every listener accepts. Rejects with the socket's own error where one cannot. */
export async function startXmpp(config: StartXmppConfig, deps: XmppDeps): Promise<Xmpp> {
  await using starting = new AsyncDisposableStack()
  const { noticeStore: store } = deps
  const notices = store && starting.use(await Notices.open({ ...deps, store }))
  const im = starting.use(openInstantMessaging(config.xmpp, { ...deps, notices }))
  const tokens = openTokens(config.xmpp, deps)
  if (tokens) starting.use(tokens)
  const c2s = starting.use(
    await startC2s(clientListeners(config, deps), {
      config: config.xmpp,
      clock: deps.clock,
      log: deps.log,
      key: deps.key,
      tokens,
      accounts: deps.directory,
      upgrades: deps.directory.partialKeys,
      sessions: deps.sessions,
      handler: im.handler,
      links: deps.links,
      overload: deps.overload,
    }),
  )
  const components = await openComponents(config, deps, im)
  if (components) starting.use(components)
  const domains = () => deps.directory.domains()
  const files = filesOverHttp(config, deps)
  const partsWith = (streams: ClientStreams) => [
    xmppOverHttp({ streams, config: config.http, domains }),
    ...files,
  ]
  const running = starting.move()
  return {
    listeners: [
      ...c2s.listeners.map(({ name, direct, address, port }) => ({
        name,
        kind: direct ? ('xmppTls' as const) : ('xmpp' as const),
        address: { host: address, port },
      })),
      ...(components
        ? [{ name: 'components', kind: 'components' as const, address: components.address }]
        : []),
    ],
    httpParts: partsWith(c2s.streams),
    httpListeners: config.listeners.flatMap((listener) =>
      httpListener(listener, { c2s, partsWith }),
    ),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function openComponents(
  { listen, xmpp }: StartXmppConfig,
  { clock, log, links }: XmppDeps,
  { components, fromComponents: incoming }: InstantMessaging,
): Promise<ComponentListener | undefined> {
  if (!listen.components) return undefined
  const { maxStanzaBytes, maxQueuedBytes } = xmpp
  const deps = { clock, log, links, components, incoming, maxStanzaBytes, maxQueuedBytes }
  return await listenForComponents(listen.components, deps)
}

function filesOverHttp({ http }: StartXmppConfig, { uploads, clock, log }: XmppDeps): HttpPart[] {
  const callers = new Callers(http.trustedProxies)
  return uploads ? [uploadPart({ uploads, clock, log, callers })] : []
}

function openTokens(
  { tokenLifetimeMs: lifetimeMs = 0 }: SignInConfig,
  { clock, log, key, tokenStore: store }: XmppDeps,
): FastTokens | undefined {
  if (!store || !key || lifetimeMs === 0) return undefined
  return new FastTokens({ clock, log, store, key, lifetimeMs })
}

function clientListeners(
  { listen, listeners: more, xmpp }: StartXmppConfig,
  { clientAuthorities }: XmppDeps,
): C2sListener[] {
  const ask = (how: AskForCertificates | undefined) => clientCertificates(how, clientAuthorities)
  const common = { clientCertificates: ask(xmpp.clientCertificates) }
  const { xmpp: plain, xmppTls: direct } = listen
  return [
    ...(plain ? [{ name: 'xmpp', direct: false, ...plain, ...common }] : []),
    ...(direct ? [{ name: 'xmppTls', direct: true, ...direct, ...common }] : []),
    ...more.flatMap((listener) =>
      tcpListener(listener).map((own) => {
        return { ...own, clientCertificates: ask(listener.clientCertificates) }
      }),
    ),
  ]
}

function clientCertificates(
  how: AskForCertificates = 'off',
  authorities: string | undefined,
): ClientCertificates | undefined {
  if (how === 'off' || authorities === undefined) return undefined
  return { authorities, isRequired: how === 'required' }
}

function tcpListener(listener: ListenerConfig): C2sListener[] {
  const { name, kind, address } = listener
  if (!address || (kind !== 'xmpp' && kind !== 'xmppTls')) return []
  return [{ name: name ?? kind, direct: kind === 'xmppTls', ...address, ...rulesOf(listener) }]
}

function httpListener(
  listener: ListenerConfig,
  { c2s, partsWith }: { c2s: C2s; partsWith: (streams: ClientStreams) => HttpPart[] },
): HttpListenerConfig[] {
  const { name, kind, address, maxConnections, tlsRequired } = listener
  if (!address || kind === 'xmpp' || kind === 'xmppTls') return []
  const parts = partsWith(c2s.streams.with(rulesOf(listener)))
  return [{ name: name ?? kind, kind, address, maxConnections, tlsRequired, parts }]
}

function rulesOf(listener: ListenerConfig): StreamRules {
  const { maxConnections, idleTimeout: idleTimeoutMs, tlsRequired: isTlsRequired, realm } = listener
  const mechanisms = listener.mechanisms.length === 0 ? undefined : listener.mechanisms
  return { policy: { isTlsRequired, mechanisms, realm }, maxConnections, idleTimeoutMs }
}

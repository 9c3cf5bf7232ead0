/** XMPP for clients: streams below, instant messaging and presence above. */
import type { ListenAddress } from '../config/values.ts'
import type { HttpPart } from '../net/http-part.ts'
import type { LinkSource } from '../net/link.ts'
import type { OverloadGuard } from '../util/overload.ts'
import { type C2sListener, startC2s } from './c2s/c2s.ts'
import type { C2sConfig } from './c2s/config.ts'
import { type ImDeps, openInstantMessaging } from './im.ts'
import type { XmppConfig } from './xmpp-config.ts'

/** A structural part of the server's configuration. */
export interface StartXmppConfig {
  readonly listen: {
    readonly xmpp: ListenAddress | undefined
    readonly xmppTls: ListenAddress | undefined
  }
  /** More of them, each with rules of its own. */
  readonly listeners: readonly ListenerConfig[]
  readonly xmpp: C2sConfig & XmppConfig
}

export interface ListenerConfig {
  readonly name: string | undefined
  readonly kind: 'xmpp' | 'xmppTls'
  readonly address: ListenAddress | undefined
  readonly maxConnections: number
  /** Milliseconds. */
  readonly idleTimeout: number
  readonly tlsRequired: boolean
  /** All, where it is empty. */
  readonly mechanisms: readonly string[]
  readonly realm: string | undefined
}

export interface XmppDeps extends ImDeps {
  /** Where clients' connections come from. */
  readonly links: LinkSource
  /** Without it nobody is turned away for overload. */
  readonly overload?: OverloadGuard | undefined
}

export interface Xmpp extends AsyncDisposable {
  readonly listeners: readonly {
    readonly name: string
    readonly kind: 'xmpp' | 'xmppTls'
    readonly address: ListenAddress
  }[]
  /** What is served over HTTP, on the HTTPS listener and on others. */
  readonly httpParts: readonly HttpPart[]
}

/** Resolves when every listener accepts. Rejects with the socket's own error where one cannot. */
export async function startXmpp(config: StartXmppConfig, deps: XmppDeps): Promise<Xmpp> {
  await using starting = new AsyncDisposableStack()
  const im = starting.use(openInstantMessaging(config.xmpp, deps))
  const c2s = starting.use(
    await startC2s(clientListeners(config), {
      config: config.xmpp,
      clock: deps.clock,
      log: deps.log,
      accounts: deps.directory,
      sessions: deps.sessions,
      handler: im.handler,
      links: deps.links,
      overload: deps.overload,
    }),
  )
  const running = starting.move()
  return {
    listeners: c2s.listeners.map(({ name, direct, address, port }) => ({
      name,
      kind: direct ? 'xmppTls' : 'xmpp',
      address: { host: address, port },
    })),
    httpParts: [],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function clientListeners({ listen, listeners: more }: StartXmppConfig): C2sListener[] {
  const listeners: C2sListener[] = []
  if (listen.xmpp) listeners.push({ name: 'xmpp', direct: false, ...listen.xmpp })
  if (listen.xmppTls) listeners.push({ name: 'xmppTls', direct: true, ...listen.xmppTls })
  return [...listeners, ...more.flatMap(ownListener)]
}

function ownListener(listener: ListenerConfig): C2sListener[] {
  const { name, kind, address, maxConnections, idleTimeout: idleTimeoutMs } = listener
  const { tlsRequired: isTlsRequired, realm } = listener
  if (!address) return []
  const mechanisms = listener.mechanisms.length === 0 ? undefined : listener.mechanisms
  const policy = { isTlsRequired, mechanisms, realm }
  const limits = { maxConnections, idleTimeoutMs }
  return [{ name: name ?? kind, direct: kind === 'xmppTls', ...address, policy, ...limits }]
}

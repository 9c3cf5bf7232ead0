/** The XMPP part with a listener for HTTP, plain or with TLS, on real sockets. */
import type { TestContext } from 'node:test'
import { openHttpListener } from '../../../src/net/http-listener.ts'
import { BoshClient, type BoshOptions, BoshWire } from '../../support/bosh-client.ts'
import { RawBosh } from '../../support/bosh-session.ts'
import { testIdentity } from '../../support/certificate.ts'
import { disposeAfter } from '../../support/databases.ts'
import { WsClient, type WsOptions } from '../../support/ws-client.ts'
import {
  DOMAIN,
  PASSWORD,
  startXmppSystem,
  type XmppSystem,
  type XmppSystemOptions,
} from '../../support/xmpp-system.ts'

export interface HttpRigOptions extends XmppSystemOptions {
  tls?: boolean
}

interface HttpRigParts {
  listener: AsyncDisposable & { port: number }
  isTls: boolean
}

export class HttpRig {
  readonly system: XmppSystem
  readonly port: number
  readonly #isTls: boolean
  readonly #listener: AsyncDisposable
  readonly #t: TestContext

  constructor(t: TestContext, system: XmppSystem, { listener, isTls }: HttpRigParts) {
    this.#t = t
    this.system = system
    this.port = listener.port
    this.#listener = listener
    this.#isTls = isTls
  }

  http(path: string): string {
    return `http${this.#isTls ? 's' : ''}://127.0.0.1:${this.port}${path}`
  }

  /** A WebSocket without a stream. */
  ws(options?: WsOptions): Promise<WsClient> {
    return WsClient.connect(this.http('/xmpp-websocket').replace(/^http/, 'ws'), options)
  }

  /** A BOSH client without a session. */
  bosh(options?: BoshOptions): BoshClient {
    return new BoshClient(this.http('/http-bind'), options)
  }

  /** A BOSH session that does nothing by itself; gone with the test. */
  raw(path = '/http-bind'): RawBosh {
    const raw = new RawBosh(this.http(path))
    this.#t.after(() => raw.wire.destroy())
    return raw
  }

  wire(path = '/http-bind'): BoshWire {
    return new BoshWire(this.http(path))
  }

  async wsOnline(user: string, resource = 'web'): Promise<WsClient> {
    return await this.#online(await this.ws(), user, resource)
  }

  async boshOnline(user: string, resource = 'web', options?: BoshOptions): Promise<BoshClient> {
    return await this.#online(this.bosh(options), user, resource)
  }

  async #online<C extends WsClient | BoshClient>(client: C, user: string, resource: string) {
    await client.signIn({ jid: `${user}@${DOMAIN}`, password: PASSWORD })
    await client.bind(resource)
    client.send(`<presence xmlns='jabber:client'/>`)
    await client.settle()
    return client
  }

  /** As when the server stops. */
  async close(): Promise<void> {
    await this.#listener[Symbol.asyncDispose]()
  }
}

/** One for all tests of a file: it takes long to make. */
let identity: ReturnType<typeof testIdentity> | undefined

export async function startHttp(
  t: TestContext,
  { tls = false, ...options }: HttpRigOptions = {},
): Promise<HttpRig> {
  const system = await startXmppSystem(t, options)
  identity ??= testIdentity()
  const shown = tls ? ({ ...(await identity), minVersion: 'TLSv1.2' } as const) : undefined
  const listener = await openHttpListener(
    { host: '127.0.0.1', port: 0, maxConnections: 1000, tls: shown },
    system.httpParts,
  )
  return new HttpRig(t, system, { listener: disposeAfter(t, listener), isTls: tls })
}

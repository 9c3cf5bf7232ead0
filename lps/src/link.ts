/**
 * The connection to the server: TLS with a certificate of ours, opened again after longer and longer
 * pauses when it breaks. Requests leave by it, and NOTIFYs come in by it, found by their dialog.
 *
 *   connecting ──answered──▶ up ──closed──▶ waiting ──pause over──▶ connecting
 *       └──────────no answer───────────────────▲
 */
import { createSecureContext } from 'node:tls'
import { tagOf } from '../../src/sip/dialog/dialog.ts'
import { SipHeaders, SipRequest, type SipResponse } from '../../src/sip/message/message.ts'
import { createResponse, newCallId, newTag } from '../../src/sip/message/respond.ts'
import type { Peer } from '../../src/sip/transport/transport.ts'
import { SipTransports } from '../../src/sip/transport/transports.ts'
import { SipUserAgent } from '../../src/sip/user-agent.ts'
import { type Clock, SystemClock, type Timer } from '../../src/util/clock.ts'
import { type Log, silentLog } from '../../src/util/log.ts'

export interface LinkOptions {
  /** The application server’s name, as the server’s `sip.applicationServers` has it. */
  readonly name: string
  readonly server: {
    readonly host: string
    /** 5061 where not given. */
    readonly port?: number
    /** The name that its certificate must prove; `host` where not given. */
    readonly domain?: string
  }
  /** PEM. Without it the connection is not encrypted, which the server must have been told to take. */
  readonly tls?: {
    readonly cert: string
    readonly key: string
    /** Authorities that the server’s certificate may be of. */
    readonly ca: string
  }
  readonly clock?: Clock
  readonly log?: Log
  /** Milliseconds from a broken connection to the first try; doubled with each that fails. 1,000 where not given. */
  readonly retryMs?: number
  /** The longest such pause; 60,000 where not given. */
  readonly maxRetryMs?: number
}

export type ConnectionStatus = 'connecting' | 'up' | 'waiting' | 'closed'

export type NotifyHandler = (notify: SipRequest) => void

/** How often it is looked whether the server is there still. */
const PROBE_MS = 30_000
const EXTENSIONS = ['eventlist']

export class Link {
  readonly clock: Clock
  readonly log: Log
  readonly name: string
  readonly #peer: Peer
  readonly #transports: SipTransports
  readonly #agent: SipUserAgent
  readonly #retryMs: number
  readonly #maxRetryMs: number
  readonly #listeners = new Set<(status: ConnectionStatus) => void>()
  /** By Call-ID and our tag. */
  readonly #notified = new Map<string, NotifyHandler>()
  #status: ConnectionStatus = 'waiting'
  #failures = 0
  #timer: Timer | undefined

  constructor(options: LinkOptions) {
    const { server, tls, clock = new SystemClock(), log = silentLog } = options
    this.clock = clock
    this.log = log
    this.name = options.name
    this.#retryMs = options.retryMs ?? 1_000
    this.#maxRetryMs = options.maxRetryMs ?? 60_000
    const transport = tls ? 'tls' : 'tcp'
    const { host, port = tls ? 5061 : 5060, domain } = server
    this.#peer = { transport, host, port, ...(domain !== undefined && { domain }) }
    const context = tls && createSecureContext(tls)
    this.#transports = new SipTransports({
      clock,
      log,
      ...(context && { tlsClient: { context: () => context, verify: true } }),
    })
    this.#agent = new SipUserAgent({ clock, log, transports: this.#transports })
    this.#agent.contribute({ supported: EXTENSIONS })
    this.#agent.handle('NOTIFY', (tx) => {
      const handler = this.#notified.get(keyOf(tx.request))
      // RFC 6665 §4.1.3: of a subscription that is not ours any more.
      tx.respond(createResponse(tx.request, handler ? 200 : 481))
      handler?.(tx.request)
    })
    this.#transports.onFlowClosed(() => this.#lost())
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  /** Told at each change, before anything else happens. */
  onStatus(listener: (status: ConnectionStatus) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Tries until it is closed. */
  start(): void {
    if (this.#status === 'waiting') void this.#connect()
  }

  /** 503 where there is no connection. Never rejects. */
  async request(request: SipRequest): Promise<SipResponse> {
    if (this.#status === 'closed') return createResponse(request, 503, 'Closed')
    return await this.#agent.request(request, this.#peer)
  }

  /** Our Contact, while there is a connection. */
  get contact(): string {
    return this.#agent.contactFor(this.#peer)
  }

  expectNotifies(callId: string, tag: string, handler: NotifyHandler): Disposable {
    const key = `${callId}\n${tag}`
    this.#notified.set(key, handler)
    return { [Symbol.dispose]: () => void this.#notified.delete(key) }
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#become('closed')
    this.#agent.close()
    await this.#transports.close()
  }

  async #connect(): Promise<void> {
    this.#become('connecting')
    const isThere = await this.#probe()
    if (this.#status !== 'connecting') return
    if (!isThere) {
      this.#wait()
      return
    }
    this.#failures = 0
    this.#become('up')
    this.#probeLater()
  }

  #probeLater(): void {
    this.#timer = this.clock.after(PROBE_MS, () => {
      void this.#probe().then((isThere) => {
        if (this.#status !== 'up') return
        if (isThere) this.#probeLater()
        else this.#lost()
      })
    })
  }

  /** Whatever a server answers, it answers. */
  async #probe(): Promise<boolean> {
    const { host } = this.#peer
    const uri = `sip:${host.includes(':') ? `[${host}]` : host}`
    const headers = new SipHeaders([
      ['From', `<sip:${this.name}>;tag=${newTag()}`],
      ['To', `<${uri}>`],
      ['Call-ID', newCallId()],
      ['CSeq', '1 OPTIONS'],
    ])
    const request = new SipRequest({ method: 'OPTIONS', uri, headers })
    const { status } = await this.#agent.request(request, this.#peer)
    return status !== 408 && status !== 503
  }

  #lost(): void {
    if (this.#status === 'up' || this.#status === 'connecting') this.#wait()
  }

  #wait(): void {
    this.#timer?.cancel()
    const pause = Math.min(this.#retryMs * 2 ** this.#failures, this.#maxRetryMs)
    this.#failures += 1
    this.#become('waiting')
    // Half of it at random: a thousand applications do not come back at the same moment.
    this.#timer = this.clock.after(pause / 2 + (Math.random() * pause) / 2, () => {
      void this.#connect()
    })
  }

  #become(status: ConnectionStatus): void {
    if (this.#status === 'closed' || this.#status === status) return
    this.#status = status
    for (const listener of this.#listeners) listener(status)
  }
}

function keyOf(notify: SipRequest): string {
  return `${notify.headers.get('Call-ID') ?? ''}\n${tagOf(notify, 'To') ?? ''}`
}

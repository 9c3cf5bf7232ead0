/** SIP requests that outlive a restart of the server: sent again as a client does (RFC 3261 §17.1.2), by links that are opened again. */
import { type Link, openLink, type Transport } from '../load/sip-link.ts'
import { answer, field } from '../load/sip-messages.ts'

const T1_MS = 500
const T2_MS = 4_000
/** Timer F. */
const TIMEOUT_MS = 64 * T1_MS
const RETRANSMIT_EVERY_MS = 100
const RECONNECT_MS = 200

interface Pending {
  readonly text: string
  readonly link: Link
  readonly until: number
  resendAt: number
  intervalMs: number
  /** `undefined`: there was no answer, or the connection is gone. */
  answered(response: string | undefined): void
}

export interface SoakClientOptions {
  readonly ports: Record<Transport, number>
  readonly connections: number
  /** A NOTIFY, which has been answered. */
  notified(text: string): void
  /** A connection is open again after it was lost. */
  reconnected(connection: number): void
}

export class SoakClient implements Disposable {
  readonly #options: SoakClientOptions
  readonly #pending = new Map<string, Pending>()
  readonly #connections: (Link | undefined)[] = []
  readonly #timer: NodeJS.Timeout
  #udp: Link | undefined
  #isClosed = false

  private constructor(options: SoakClientOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#retransmit(), RETRANSMIT_EVERY_MS)
  }

  static async open(options: SoakClientOptions): Promise<SoakClient> {
    const client = new SoakClient(options)
    const received = (text: string, link: Link) => client.#received(text, link)
    // While the server is away, what is sent comes back as an error.
    client.#udp = await openLink('udp', options.ports.udp, { received, failed: () => undefined })
    for (let at = 0; at < options.connections; at += 1) await client.#connect(at)
    return client
  }

  get udp(): Link {
    if (!this.#udp) throw new Error('the client is not open')
    return this.#udp
  }

  /** `undefined` while it is lost. */
  connection(at: number): Link | undefined {
    return this.#connections[at]
  }

  /** Resolves with the final response, or `undefined` where there is none. */
  request(text: string, link: Link): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const now = performance.now()
    const key = keyOf(text)
    this.#pending.set(key, {
      text,
      link,
      until: now + TIMEOUT_MS,
      resendAt: link.transport === 'udp' ? now + T1_MS : Number.POSITIVE_INFINITY,
      intervalMs: T1_MS,
      answered: (response) => {
        this.#pending.delete(key)
        resolve(response)
      },
    })
    link.send(text)
    return promise
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#udp?.[Symbol.dispose]()
    for (const link of this.#connections) link?.[Symbol.dispose]()
    for (const one of [...this.#pending.values()]) one.answered(undefined)
  }

  async #connect(at: number): Promise<void> {
    let link: Link | undefined
    const owner = {
      received: (text: string, from: Link) => this.#received(text, from),
      failed: () => {
        if (link) this.#lost(at, link)
      },
    }
    link = await openLink('tcp', this.#options.ports.tcp, owner)
    this.#connections[at] = link
  }

  #lost(at: number, link: Link): void {
    if (this.#isClosed || this.#connections[at] !== link) return
    this.#connections[at] = undefined
    for (const one of [...this.#pending.values()]) if (one.link === link) one.answered(undefined)
    this.#reconnect(at)
  }

  #reconnect(at: number): void {
    setTimeout(() => {
      if (this.#isClosed) return
      this.#connect(at).then(
        () => this.#options.reconnected(at),
        () => this.#reconnect(at),
      )
    }, RECONNECT_MS)
  }

  #received(text: string, link: Link): void {
    if (text.startsWith('SIP/2.0 ')) {
      if (!text.startsWith('SIP/2.0 1')) this.#pending.get(keyOf(text))?.answered(text)
      return
    }
    link.send(answer(text))
    this.#options.notified(text)
  }

  #retransmit(): void {
    const now = performance.now()
    for (const one of [...this.#pending.values()]) {
      if (now >= one.until) one.answered(undefined)
      else if (now >= one.resendAt) {
        one.intervalMs = Math.min(2 * one.intervalMs, T2_MS)
        one.resendAt = now + one.intervalMs
        one.link.send(one.text)
      }
    }
  }
}

function keyOf(text: string): string {
  return `${field(text, 'Call-ID')} ${field(text, 'CSeq')}`
}

export function statusOf(response: string | undefined): number {
  return response === undefined ? 0 : Number(response.slice(8, 11))
}

/** An edge as the core's thread sees it: a worker thread, its listeners and its links. */
import { Worker } from 'node:worker_threads'
import type { Log } from '../util/log.ts'
import type { Backlog } from '../util/overload.ts'
import { type FromEdge, type Opened, type ToEdge, toldError } from './edge-messages.ts'
import { FramePort } from './frame-port.ts'
import { FRAME, type FrameKind } from './frames.ts'
import type { Link, LinkListenOptions, TlsIdentities } from './link.ts'
import { RemoteLink } from './remote-link.ts'

export interface EdgeDeps {
  readonly log: Log
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  accept(listener: number, link: Link): void
  /** How much a link of that listener may have unread. */
  maxQueuedBytes(listener: number): number
  /** A client named this domain in a handshake. */
  named(domain: string): void
  /** So many bytes from this edge have been worked on, or some for it have been taken. */
  moved(edge: Edge, handledBytes: number): void
  /** It ended without being asked to; all its links have been closed. */
  failed(edge: Edge): void
}

interface Listening {
  readonly address: string
  readonly port: number
}

export class Edge implements Backlog {
  readonly #deps: EdgeDeps
  readonly #worker: Worker
  readonly #port: FramePort
  readonly #links = new Map<number, RemoteLink>()
  readonly #asked = new Map<number, PromiseWithResolvers<Listening>>()
  readonly #exited: Promise<void>
  #isStopping = false
  #pingedAt: number | undefined
  #delayMs = 0

  constructor(deps: EdgeDeps, name: string) {
    this.#deps = deps
    this.#worker = new Worker(new URL('./edge-thread.ts', import.meta.url), { name })
    this.#port = new FramePort(this.#worker, {
      frame: (kind, id, payload) => this.#frame(kind, id, payload),
      message: (message) => this.#heard(message as FromEdge),
      handled: (bytes) => deps.moved(this, bytes),
      acknowledged: () => deps.moved(this, 0),
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#exited = promise
    let err: unknown
    this.#worker.on('error', (error) => {
      err = error
    })
    this.#worker.on('exit', () => {
      resolve()
      if (!this.#isStopping) deps.log.error({ what: 'edge_thread_failed', name, err })
      this.#ended()
    })
  }

  /** Bytes that it has not taken yet. */
  get underWay(): number {
    return this.#port.underWay
  }

  acknowledge(bytes: number): void {
    this.#port.acknowledge(bytes)
  }

  /** For all handshakes from now on. */
  show(identities: TlsIdentities): void {
    this.#say({ kind: 'identities', identities })
  }

  /** Rejects with the socket's own error where it cannot listen. */
  listen(listener: number, options: LinkListenOptions): Promise<Listening> {
    const asked = Promise.withResolvers<Listening>()
    this.#asked.set(listener, asked)
    this.#say({ kind: 'listen', listener, options })
    return asked.promise
  }

  unlisten(listener: number): void {
    this.#say({ kind: 'unlisten', listener })
  }

  /** How long its last answer took, or takes by now. */
  waitMs(): number {
    const now = this.#deps.now()
    if (this.#pingedAt !== undefined) return now - this.#pingedAt
    this.#pingedAt = now
    this.#say({ kind: 'ping' })
    return this.#delayMs
  }

  /** Ends the thread, whatever links it has. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#worker.terminate()
    await this.#exited
  }

  #frame(kind: FrameKind, id: number, payload: Buffer): void {
    if (kind === FRAME.opened) {
      this.#opened(id, JSON.parse(payload.toString()))
      return
    }
    const link = this.#links.get(id)
    if (kind !== FRAME.closed) {
      link?.take(kind, payload)
      return
    }
    this.#links.delete(id)
    link?.closed()
  }

  #opened(id: number, { listener, remoteAddress }: Opened): void {
    const maxQueuedBytes = this.#deps.maxQueuedBytes(listener)
    const link = new RemoteLink({ port: this.#port, id, remoteAddress, maxQueuedBytes })
    this.#links.set(id, link)
    this.#deps.accept(listener, link)
  }

  #heard(message: FromEdge): void {
    switch (message.kind) {
      case 'listening':
        this.#asked.get(message.listener)?.resolve(message)
        break
      case 'refused':
        this.#asked.get(message.listener)?.reject(toldError(message.error))
        break
      case 'acceptFailed':
        this.#deps.log.warn({ what: 'accept_failed', err: toldError(message.error) })
        break
      case 'named':
        this.#deps.named(message.domain)
        break
      case 'pong':
        this.#delayMs = this.#deps.now() - (this.#pingedAt ?? 0)
        this.#pingedAt = undefined
    }
  }

  #ended(): void {
    for (const { reject } of this.#asked.values()) reject(new Error('the thread has ended'))
    const links = [...this.#links.values()]
    this.#links.clear()
    for (const link of links) link.closed()
    if (!this.#isStopping) this.#deps.failed(this)
  }

  #say(message: ToEdge): void {
    this.#port.post(message)
  }
}

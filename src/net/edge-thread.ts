/**
 * The thread of an edge: owns sockets and their TLS, and tells the core's thread what comes on them. It knows
 * no protocol; what is to be done with a link, the core says.
 */
import type { SecureContext } from 'node:tls'
import { parentPort } from 'node:worker_threads'
import { type FromEdge, type LinkSecured, type ToEdge, tellError } from './edge-messages.ts'
import { FramePort } from './frame-port.ts'
import { FRAME, type FrameKind } from './frames.ts'
import type { ChannelBindingType, FindContext, LinkListener, LinkUser } from './link.ts'
import { listen } from './listen.ts'
import type { SocketLink } from './socket-link.ts'
import { TlsContexts } from './tls-contexts.ts'

/** No socket is read while so much waits for the core: the system makes the peers wait. */
const MAX_UNDER_WAY = 4 * 1024 * 1024

const BINDINGS: readonly ChannelBindingType[] = [
  'tls-exporter',
  'tls-server-end-point',
  'tls-unique',
]

class Edge {
  readonly #port: FramePort
  readonly #links = new Map<number, EdgeLink>()
  readonly #listeners = new Map<number, LinkListener>()
  readonly #held = new Set<EdgeLink>()
  #contexts: TlsContexts | undefined
  #next = 0

  constructor(end: NonNullable<typeof parentPort>) {
    this.#port = new FramePort(end, {
      frame: (kind, id, payload) => this.#links.get(id)?.take(kind, payload),
      message: (message) => this.#obey(message as ToEdge),
      handled: (bytes) => this.#port.acknowledge(bytes),
      acknowledged: () => this.#release(),
    })
  }

  get port(): FramePort {
    return this.#port
  }

  /** Reads no more of the link until the core has caught up. */
  hold(link: EdgeLink): void {
    if (this.#port.underWay > MAX_UNDER_WAY) this.#held.add(link.hold())
  }

  gone(link: EdgeLink): void {
    this.#links.delete(link.id)
    this.#held.delete(link)
  }

  #release(): void {
    if (this.#held.size === 0 || this.#port.underWay > MAX_UNDER_WAY / 2) return
    for (const link of this.#held) link.release()
    this.#held.clear()
  }

  #obey(message: ToEdge): void {
    switch (message.kind) {
      case 'identities':
        this.#contexts = new TlsContexts(message.identities)
        return
      case 'listen':
        void this.#listen(message)
        return
      case 'unlisten':
        void this.#listeners.get(message.listener)?.[Symbol.asyncDispose]()
        return
      case 'ping':
        this.#tell({ kind: 'pong' })
    }
  }

  async #listen({ listener, options }: ToEdge & { kind: 'listen' }): Promise<void> {
    const deps = {
      isShared: true,
      secureContext: (...asked: Parameters<FindContext>) => this.#contextFor(...asked),
      acceptFailed: (error: unknown) =>
        this.#tell({ kind: 'acceptFailed', error: tellError(error) }),
    }
    try {
      const open = await listen(deps, options, (link) => this.#admit(listener, link))
      this.#listeners.set(listener, open)
      this.#tell({ kind: 'listening', listener, address: open.address, port: open.port })
    } catch (error) {
      this.#tell({ kind: 'refused', listener, error: tellError(error) })
    }
  }

  #admit(listener: number, socket: SocketLink): void {
    const id = this.#freeId()
    const link = new EdgeLink(this, id, socket)
    this.#links.set(id, link)
    const { remoteAddress } = socket
    this.#port.send(FRAME.opened, id, JSON.stringify({ listener, remoteAddress }))
  }

  #freeId(): number {
    do this.#next = (this.#next + 1) >>> 0
    while (this.#links.has(this.#next))
    return this.#next
  }

  #contextFor(...[domain, authorities, listener]: Parameters<FindContext>): SecureContext {
    if (domain !== undefined) this.#tell({ kind: 'named', domain })
    if (!this.#contexts) throw new Error('no certificate yet')
    return this.#contexts.for(domain, authorities, listener)
  }

  #tell(message: FromEdge): void {
    this.#port.post(message)
  }
}

/** One link, as both sides see it. */
class EdgeLink implements LinkUser {
  readonly id: number
  readonly #edge: Edge
  readonly #link: SocketLink
  #isHeld = false
  #isPaused = false

  constructor(edge: Edge, id: number, link: SocketLink) {
    this.#edge = edge
    this.id = id
    this.#link = link
    link.user = this
  }

  hold(): this {
    this.#isHeld = true
    this.#link.pause()
    return this
  }

  release(): void {
    this.#isHeld = false
    if (!this.#isPaused) this.#link.resume()
  }

  /** What the core wants. */
  take(kind: FrameKind, payload: Buffer): void {
    switch (kind) {
      case FRAME.write:
        this.#link.writeNow(payload)
        break
      case FRAME.read:
        this.#link.read()
        break
      case FRAME.pause:
        this.#isPaused = true
        this.#link.pause()
        break
      case FRAME.resume:
        this.#isPaused = false
        if (!this.#isHeld) this.#link.resume()
        break
      case FRAME.flush:
        void this.#flush()
        break
      case FRAME.secure:
        this.#secure(JSON.parse(payload.toString()))
        break
      case FRAME.end:
        this.#link.end()
        break
      case FRAME.destroy:
        this.#link.destroy()
        break
    }
  }

  async #flush(): Promise<void> {
    const taken = await this.#link.flushed()
    this.#tell(FRAME.flushed, taken ? 'yes' : '')
  }

  #secure({ wish, last }: { wish: object; last: string }): void {
    try {
      this.#link.secure(wish, last)
    } catch (error) {
      this.failed(error)
      this.#link.destroy()
    }
  }

  received(chunk: Buffer): void {
    this.#edge.port.send(FRAME.received, this.id, chunk)
    this.#edge.hold(this)
  }

  secured(): void {
    const names = BINDINGS.map((type) => [type, this.#link.channelBinding(type)?.toString('hex')])
    const peer = this.#link.peerCertificate
    const told: LinkSecured = {
      bindings: Object.fromEntries(names),
      ...(peer && { peer: { raw: peer.raw.toString('base64'), problem: peer.problem } }),
    }
    this.#tell(FRAME.secured, JSON.stringify(told))
  }

  peerEnded(): void {
    this.#tell(FRAME.ended)
  }

  overflowed(): void {
    this.#tell(FRAME.overflowed)
    this.#link.destroy()
  }

  failed(error: unknown): void {
    this.#tell(FRAME.failed, JSON.stringify(tellError(error)))
  }

  closed(): void {
    this.#edge.gone(this)
    this.#tell(FRAME.closed)
  }

  #tell(kind: FrameKind, payload = ''): void {
    this.#edge.port.send(kind, this.id, payload)
  }
}

if (parentPort) new Edge(parentPort)

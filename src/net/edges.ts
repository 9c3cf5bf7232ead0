/**
 * Links whose sockets are in threads beside the core's: `workers` of them, each with its own socket on every
 * address, among which the system deals out the connections (SO_REUSEPORT).
 */
import { createServer } from 'node:net'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { OverloadGuard } from '../util/overload.ts'
import { Edge } from './edge.ts'
import type { Link, LinkListener, LinkListenOptions, LinkSource, TlsIdentities } from './link.ts'

/** Where the certificate comes from that they show. */
export interface EdgeTls {
  readonly identities: TlsIdentities
  onChange(listener: (identities: TlsIdentities) => void): Disposable
  /** A client named this domain. */
  secureContext(domain?: string): unknown
}

export interface EdgesDeps {
  readonly clock: Clock
  readonly log: Log
  readonly tls: EdgeTls
  readonly overload: Pick<OverloadGuard, 'watch'>
}

interface Door {
  readonly options: LinkListenOptions
  accept(link: Link): void
}

/** While one of them has so much to write, nothing more is taken from any. */
const MAX_UNDER_WAY = 64 * 1024 * 1024
/** A thread that failed is replaced after so long. */
const RESTART_MS = 1_000

export class Edges implements LinkSource, AsyncDisposable {
  readonly #deps: EdgesDeps
  readonly #edges: Edge[] = []
  readonly #doors = new Map<number, Door>()
  readonly #watched = new Map<Edge, Disposable>()
  /** What has been worked on and not been acknowledged, for one of them is behind. */
  readonly #owed = new Map<Edge, number>()
  readonly #certificates: Disposable
  #nextDoor = 0
  #isClosed = false

  constructor(count: number, deps: EdgesDeps) {
    this.#deps = deps
    this.#certificates = deps.tls.onChange((identities) => {
      for (const edge of this.#edges) edge.show(identities)
    })
    for (let number = 1; number <= count; number += 1) this.#start(`edge-${number}`)
  }

  async listen(wish: LinkListenOptions, accept: (link: Link) => void): Promise<LinkListener> {
    await assertFree(wish)
    const door = this.#nextDoor
    this.#nextDoor += 1
    this.#doors.set(door, { options: wish, accept })
    try {
      return await this.#listen(door, wish, accept)
    } catch (error) {
      this.#unlisten(door)
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#certificates[Symbol.dispose]()
    for (const watched of this.#watched.values()) watched[Symbol.dispose]()
    await Promise.all(this.#edges.map((edge) => edge.stop()))
  }

  async #listen(
    door: number,
    wish: LinkListenOptions,
    accept: (link: Link) => void,
  ): Promise<LinkListener> {
    let bound = { address: wish.host, port: wish.port }
    for (const edge of this.#edges) {
      // The first finds a port where none was asked for; the others listen there too.
      bound = await edge.listen(door, { ...wish, port: bound.port })
    }
    this.#doors.set(door, { options: { ...wish, port: bound.port }, accept })
    return { ...bound, [Symbol.asyncDispose]: async () => this.#unlisten(door) }
  }

  #start(name: string): Edge {
    const { clock, log, tls, overload } = this.#deps
    const edge: Edge = new Edge(
      {
        log,
        now: () => clock.now(),
        accept: (door, link) => this.#accept(door, link),
        maxQueuedBytes: (door) => this.#doors.get(door)?.options.maxQueuedBytes ?? 0,
        named: (domain) => void tls.secureContext(domain),
        moved: (from, bytes) => this.#moved(from, bytes),
        failed: () => this.#replace(edge, name),
      },
      name,
    )
    edge.show(tls.identities)
    this.#edges.push(edge)
    this.#watched.set(edge, overload.watch(edge))
    return edge
  }

  #accept(door: number, link: Link): void {
    const open = this.#doors.get(door)
    // It came while the door was being closed.
    if (open) open.accept(link)
    else link.destroy()
  }

  #unlisten(door: number): void {
    this.#doors.delete(door)
    for (const edge of this.#edges) edge.unlisten(door)
  }

  #moved(from: Edge, bytes: number): void {
    this.#owed.set(from, (this.#owed.get(from) ?? 0) + bytes)
    if (this.#edges.some(({ underWay }) => underWay > MAX_UNDER_WAY)) return
    for (const [edge, owed] of this.#owed) edge.acknowledge(owed)
    this.#owed.clear()
  }

  #replace(edge: Edge, name: string): void {
    this.#edges.splice(this.#edges.indexOf(edge), 1)
    this.#owed.delete(edge)
    this.#watched.get(edge)?.[Symbol.dispose]()
    this.#watched.delete(edge)
    if (this.#isClosed) return
    this.#deps.clock.after(RESTART_MS, () => {
      if (!this.#isClosed) void this.#reopen(this.#start(name))
    })
  }

  async #reopen(edge: Edge): Promise<void> {
    for (const [door, { options }] of this.#doors) {
      try {
        await edge.listen(door, options)
      } catch (err) {
        this.#deps.log.error({ what: 'edge_not_listening', port: options.port, err })
      }
    }
  }
}

/** Two servers that share a port do not hear of each other: who asks alone hears of it. */
async function assertFree({ host, port }: LinkListenOptions): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, resolve)
  })
  await new Promise((closed) => server.close(closed))
}

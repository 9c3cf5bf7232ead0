/** One TCP or TLS connection, whoever opened it: framing, keep-alive (RFC 5626 §3.5.1), bounds and deadlines. */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { type ParseResult, SipStreamParser } from '../message/parser.ts'
import { normalizeHost } from './addresses.ts'
import { KeepAlive } from './keep-alive.ts'
import { LifeWatch } from './life-watch.ts'
import type { TransportLimits } from './limits.ts'
import { connectionsOpen, connectionsRefused, messagesSent, sendFailures } from './metrics.ts'
import { type Connection, type Endpoint, nextFlowId, type TransportName } from './transport.ts'

const PING = Buffer.from('\r\n\r\n')
const PONG = Buffer.from('\r\n')
const CLOSE_MS = 1_000

export interface ConnectionOwner {
  readonly clock: Clock
  readonly log: Log
  readonly limits: TransportLimits
  /** The host to show instead of the local address, where the operator gave one. */
  readonly advertise: string | undefined
  received(result: ParseResult, connection: Connection): void
  closed(connection: Connection): void
}

export interface ConnectionFacts {
  readonly transport: TransportName
  readonly remote: Endpoint
  readonly provenNames: readonly string[]
  /** The port that others connect to; that of our listener also where we opened the connection. */
  readonly localPort: number
  readonly ours?: OpenedByUs | undefined
}

/** Of a connection that we opened. */
export interface OpenedByUs {
  /** How often its peer is asked for a sign of life; 0 for never. */
  readonly keepAliveMs: number
  /** The peer may use it for requests to us (RFC 5923 §8.1). */
  readonly offersAlias: boolean
}

export class StreamConnection implements Connection {
  readonly id = nextFlowId()
  readonly transport: TransportName
  readonly remote: Endpoint
  readonly provenNames: readonly string[]
  readonly offersAlias: boolean
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #parser: SipStreamParser
  readonly #local: Endpoint
  readonly #life: LifeWatch
  /** Runs while a message is half there, or the peer leaves unread what we wrote. */
  #stalled: Timer | undefined
  readonly #keepAlive: KeepAlive | undefined
  #heldBack = false
  #open = true
  #corked = false

  /** `socket` is connected, its handshake done; what happened to it before is the caller's affair. */
  constructor(owner: ConnectionOwner, socket: Socket, facts: ConnectionFacts) {
    this.#owner = owner
    this.#socket = socket
    this.transport = facts.transport
    this.remote = facts.remote
    this.provenNames = facts.provenNames
    this.offersAlias = facts.ours?.offersAlias ?? false
    const localHost = normalizeHost(socket.localAddress ?? '127.0.0.1')
    this.#local = { host: owner.advertise ?? localHost, port: facts.localPort }
    this.#parser = new SipStreamParser({ maxMessageBytes: owner.limits.maxMessageBytes })
    this.#life = new LifeWatch(owner, (reason) => this.#cut(reason))
    this.#keepAlive = this.#keepingAlive(facts.ours)
    connectionsOpen.inc({ transport: this.transport })
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('drain', () => this.#goOn())
    socket.on('error', () => undefined) // 'close' follows
    socket.on('end', () => this.close())
    socket.on('close', () => this.close())
  }

  get open(): boolean {
    return this.#open
  }

  localEndpoint(): Endpoint {
    return this.#local
  }

  write(bytes: Buffer, _to: Endpoint, failed?: (error: Error) => void): void {
    const waiting = this.#socket.writableLength + bytes.length
    if (this.#open && waiting > this.#owner.limits.maxQueuedBytes) {
      this.#cut('write_queue_full')
    }
    if (!this.#open) {
      sendFailures.inc({ transport: this.transport })
      failed?.(new Error('connection is closed'))
      return
    }
    this.#corkForThisTick()
    messagesSent.inc({ transport: this.transport })
    const taken = this.#socket.write(bytes, (error) => {
      if (!error) return
      sendFailures.inc({ transport: this.transport })
      failed?.(error)
    })
    if (!taken) this.#holdBack()
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#life.stop()
    this.#keepAlive?.stop()
    this.#stalled?.cancel()
    connectionsOpen.dec({ transport: this.transport })
    this.#socket.destroySoon()
    // A peer that does not read must not keep the socket.
    this.#owner.clock.after(CLOSE_MS, () => this.#socket.destroy())
    this.#owner.closed(this)
  }

  /** Without waiting for unsent bytes. */
  destroy(): void {
    this.close()
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    const results = this.#parser.push(chunk)
    for (const result of results) {
      if (!this.#open) return
      this.#life.heard()
      if (result.kind === 'ping') this.write(PONG, this.remote)
      else if (result.kind === 'pong') this.#keepAlive?.answered()
      else this.#owner.received(result, this)
      if (result.kind === 'fatal') this.close()
    }
    if (results.length > 0 || this.#stalled === undefined) this.#watchStall()
  }

  #keepingAlive(ours: OpenedByUs | undefined): KeepAlive | undefined {
    if (ours === undefined || ours.keepAliveMs === 0) return undefined
    return new KeepAlive(this.#owner.clock, ours.keepAliveMs, {
      ping: () => {
        this.#parser.expectPong()
        this.write(PING, this.remote)
      },
      failed: () => this.#cut('no_pong'),
    })
  }

  /** Who does not read the answers is not asked for more questions: each would be kept here, answered. */
  #holdBack(): void {
    if (this.#heldBack || !this.#open) return
    this.#heldBack = true
    this.#socket.pause()
    this.#watchStall()
  }

  #goOn(): void {
    if (!this.#heldBack || !this.#open) return
    this.#heldBack = false
    this.#watchStall()
    this.#socket.resume()
  }

  /** Begins the wait anew; there is none while nothing is half done. */
  #watchStall(): void {
    this.#stalled?.cancel()
    this.#stalled = undefined
    if (!this.#open || !(this.#heldBack || this.#parser.buffered > 0)) return
    const { clock, limits } = this.#owner
    const reason = this.#heldBack ? 'does_not_read' : 'unfinished_message'
    this.#stalled = clock.after(limits.stallMs, () => this.#cut(reason))
  }

  #corkForThisTick(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#socket.uncork()
    })
  }

  #cut(reason: string): void {
    connectionsRefused.inc({ reason })
    this.#owner.log.info({ what: 'sip_connection_cut', reason, peer: this.remote.host })
    this.destroy()
  }
}

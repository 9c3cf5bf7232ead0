/** One WebSocket of the subprotocol `sip` (RFC 7118): a SIP message a WebSocket message, text or binary. */
import { isUtf8 } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { Beating } from '../../../net/heartbeats.ts'
import type { Timer } from '../../../util/clock.ts'
import { type ParseResult, parseSipDatagram, STREAM_LIMITS } from '../../message/parser.ts'
import { LifeWatch } from '../life-watch.ts'
import { connectionsOpen, connectionsRefused, messagesSent, sendFailures } from '../metrics.ts'
import type { ConnectionOwner } from '../stream-connection.ts'
import { type Connection, type Endpoint, nextFlowId } from '../transport.ts'

/** RFC 5626 §3.5.1, which RFC 7118 §6 keeps: what JsSIP and others send from time to time. */
const PONG = '\r\n'
/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001
const CLOSE_MS = 1_000

export interface WebSocketFacts {
  readonly socket: WebSocket
  /** Below it. */
  readonly stream: Duplex
  readonly transport: 'ws' | 'wss'
  readonly remote: Endpoint
  /** What we are called: the HTTP listener's address. */
  readonly local: Endpoint
}

export class WebSocketConnection implements Connection, Beating {
  readonly id = nextFlowId()
  readonly transport: 'ws' | 'wss'
  readonly remote: Endpoint
  readonly provenNames: readonly string[] = []
  readonly #owner: ConnectionOwner
  readonly #socket: WebSocket
  readonly #stream: Duplex
  readonly #local: Endpoint
  readonly #life: LifeWatch
  /** Runs while the peer leaves unread what we wrote. */
  #stalled: Timer | undefined
  #open = true
  /** Pinged, and not heard since. */
  #isAsked = false

  constructor(owner: ConnectionOwner, facts: WebSocketFacts) {
    this.#owner = owner
    this.#socket = facts.socket
    this.#stream = facts.stream
    this.transport = facts.transport
    this.remote = facts.remote
    this.#local = facts.local
    this.#life = new LifeWatch(owner, (reason) => this.#cut(reason))
    connectionsOpen.inc({ transport: this.transport })
    const { socket, stream } = facts
    socket.on('message', (data) => this.#read(data))
    socket.on('pong', () => this.#answered())
    socket.on('ping', () => this.#answered())
    socket.on('error', () => undefined) // 'close' follows
    socket.on('close', () => this.close())
    stream.on('drain', () => this.#goOn())
  }

  get open(): boolean {
    return this.#open
  }

  localEndpoint(): Endpoint {
    return this.#local
  }

  write(bytes: Buffer, _to: Endpoint, failed?: (error: Error) => void): void {
    if (
      this.#open &&
      this.#socket.bufferedAmount + bytes.length > this.#owner.limits.maxQueuedBytes
    ) {
      this.#cut('write_queue_full')
    }
    if (!this.#open) {
      sendFailures.inc({ transport: this.transport })
      failed?.(new Error('connection is closed'))
      return
    }
    messagesSent.inc({ transport: this.transport })
    // RFC 7118 §4.1: what is no UTF-8 is no text.
    this.#socket.send(bytes, { binary: !isUtf8(bytes) }, (error) => {
      if (!error) return
      sendFailures.inc({ transport: this.transport })
      failed?.(error)
    })
    if (this.#stream.writableNeedDrain) this.#holdBack()
  }

  beat(): void {
    if (!this.#open) return
    if (this.#isAsked) {
      this.#cut('silent')
      return
    }
    this.#isAsked = true
    this.#socket.ping()
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#life.stop()
    this.#stalled?.cancel()
    connectionsOpen.dec({ transport: this.transport })
    this.#socket.resume() // to hear the peer's end
    this.#socket.close(GOING_AWAY)
    // A peer that does not read must not keep the socket.
    this.#owner.clock.after(CLOSE_MS, () => this.#socket.terminate())
    this.#owner.closed(this)
  }

  #read(data: RawData): void {
    if (!this.#open || !Buffer.isBuffer(data)) return
    this.#isAsked = false
    this.#life.heard()
    const { maxMessageBytes } = this.#owner.limits
    const result: ParseResult = parseSipDatagram(data, { ...STREAM_LIMITS, maxMessageBytes })
    if (result.kind === 'ping') this.#socket.send(PONG)
    else if (result.kind !== 'pong') this.#owner.received(result, this)
  }

  #answered(): void {
    this.#isAsked = false
    this.#life.answered()
  }

  /** Who does not read the answers is not asked for more questions. */
  #holdBack(): void {
    if (this.#stalled || !this.#open) return
    this.#socket.pause()
    const { clock, limits } = this.#owner
    this.#stalled = clock.after(limits.stallMs, () => this.#cut('does_not_read'))
  }

  #goOn(): void {
    this.#stalled?.cancel()
    this.#stalled = undefined
    if (this.#open) this.#socket.resume()
  }

  #cut(reason: string): void {
    connectionsRefused.inc({ reason })
    this.#owner.log.info({ what: 'sip_connection_cut', reason, peer: this.remote.host })
    this.close()
    this.#socket.terminate()
  }
}

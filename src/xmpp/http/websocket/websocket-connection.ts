/**
 * A client's stream on a WebSocket (RFC 7395): an element a message, and no TLS of the stream's own.
 *
 *   opening ──<open/>──▶ open ──▶ … restart (SASL) ──▶ opening
 *      any ──error, timeout, <close/>, shutdown──▶ closing ──the WebSocket's end──▶ closed
 */
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { Caller } from '../../../net/callers.ts'
import { isSecured } from '../../../net/callers.ts'
import { channelBinding, channelBindings, type Secured } from '../../../net/channel-binding.ts'
import { flushAtEndOfTick } from '../../../net/end-of-tick.ts'
import type { Beating } from '../../../net/heartbeats.ts'
import type { ChannelBindingType } from '../../../net/link.ts'
import type { Timer } from '../../../util/clock.ts'
import type { Element } from '../../../xml/element.ts'
import { XmlStreamParser } from '../../../xml/tokenizer.ts'
import type { ConnectionDeps, StreamUser } from '../../c2s/connection.ts'
import type { Transport, Visitor } from '../../c2s/door.ts'
import { charge, Usage } from '../../c2s/intake.ts'
import { sourceOf } from '../../c2s/source-address.ts'
import type { StreamConnection, StreamEnd } from '../../c2s/stream-connection.ts'
import { checkVersion } from '../../c2s/stream-header.ts'
import { limitsOf, streamErrorOf } from '../../c2s/stream-limits.ts'
import { StreamError } from '../../errors.ts'
import { InOrder, type Work } from '../in-order.ts'
import { standalone } from '../standalone.ts'
import { CLOSE, elementOf, FRAMED_ROOT, isBlank, NS_FRAMING, ownOpen } from './framing.ts'

export interface WebSocketParts {
  readonly socket: WebSocket
  /** Below it. */
  readonly stream: Duplex
  readonly caller: Caller
  /** Its sign-in may be bound to its TLS. */
  readonly mayBind: boolean
}

type State = 'opening' | 'open' | 'closing' | 'closed'

/** RFC 6455 §7.4.1. */
const NORMAL = 1000
/** A client that takes longer to end the WebSocket is cut off. */
const CLOSE_TIMEOUT_MS = 2_000
/** Messages that wait for the one that is worked on, before the socket is left unread. */
const MAX_READ_AHEAD = 16

export class WebSocketConnection implements StreamConnection, Visitor, Beating, Work<Buffer> {
  readonly transport: Transport = 'websocket'
  readonly source: string
  readonly isEncrypted: boolean
  readonly canUpgrade = false
  readonly peerCertificate = undefined
  lastHeard: number
  readonly #deps: ConnectionDeps
  readonly #socket: WebSocket
  readonly #stream: Duplex
  readonly #secured: Secured | undefined
  readonly #frames: InOrder<Buffer>
  readonly #parser: XmlStreamParser
  readonly #usage = new Usage()
  readonly #addressUsage: Usage
  #user: StreamUser | undefined
  #state: State = 'opening'
  #openSent = false
  /** Of the frame at hand. */
  #element: Element | undefined
  /** Bytes of a message that is not complete yet, of a client that has not signed in. */
  #unframed: number | undefined = 0
  #isCorked = false
  /** Runs while it is left unread for having said too much. */
  #held: Timer | undefined
  #deadline: Timer | undefined
  /** Pinged, and not heard since. */
  #isAsked = false
  #isGone = false

  constructor(deps: ConnectionDeps, parts: WebSocketParts, usage: Usage) {
    const { socket, stream, caller, mayBind } = parts
    this.#deps = deps
    this.#socket = socket
    this.#stream = stream
    this.#addressUsage = usage
    this.source = sourceOf(caller.address)
    this.isEncrypted = caller.isEncrypted
    // Through a proxy it is another channel than the client's.
    const isOwn = mayBind && caller.isDirect
    if (isOwn && isSecured(stream)) this.#secured = { socket: stream, context: stream }
    this.lastHeard = deps.clock.now()
    this.#frames = new InOrder(this, deps.unfinished)
    this.#parser = new XmlStreamParser(this, limitsOf(deps.config).strangers)
    this.#parser.write(FRAMED_ROOT)
  }

  start(user: StreamUser): void {
    this.#user = user
    const socket: CarryingSocket = this.#socket
    socket.connection = this
    socket.on('message', onMessage)
    socket.on('pong', onSign)
    socket.on('ping', onSign)
    socket.on('error', onError)
    socket.on('close', onClose)
    // Before ws sees them: what begins with a chunk is counted with it.
    const stream: CarryingStream = this.#stream
    stream.connection = this
    stream.prependListener('data', onBytes)
  }

  get isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'opening'
  }

  get channelBindings(): readonly ChannelBindingType[] {
    return this.#secured ? channelBindings(this.#secured) : []
  }

  channelBinding(type: ChannelBindingType): Buffer | undefined {
    return this.#secured && channelBinding(this.#secured, type)
  }

  write(text: string): boolean {
    if (!this.isOpen) return false
    this.#send(standalone(text))
    return this.isOpen
  }

  async flushed(): Promise<boolean> {
    if (!this.isOpen) return false
    this.flush()
    if (!this.#stream.writable) return false
    return await new Promise((resolve) => {
      this.#stream.write('', (error) => resolve(!error))
    })
  }

  /** §3.9: TLS is the WebSocket's. */
  upgrade(): void {
    throw new Error('a WebSocket is not upgraded')
  }

  /** §3.7. */
  restart(): void {
    this.signedIn()
    this.#state = 'opening'
    this.#openSent = false
  }

  /** It may send larger stanzas from here. */
  signedIn(): void {
    this.#unframed = undefined
    this.#stream.off('data', onBytes)
    this.#parser.setLimits(limitsOf(this.#deps.config).signedIn)
  }

  /** §3.6, §3.5. */
  close(error?: StreamError): void {
    if (!this.isOpen) return
    // A client that no longer answers may have lost its network only.
    const how = error?.condition === 'connection-timeout' ? 'lost' : 'closed'
    if (!this.#openSent) this.#sendOpen(undefined)
    if (error) this.#send(standalone(String(error)))
    if (!this.isOpen) return
    this.#send(CLOSE)
    this.#state = 'closing'
    this.flush()
    this.#socket.resume() // to hear the client's end, whatever was waited for
    this.#socket.close(NORMAL)
    this.#deadline = this.#deps.clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.terminate())
    this.#end(how)
  }

  fail(error: unknown): void {
    this.close(streamErrorOf(error, this.#deps.log))
  }

  beat(): void {
    if (this.#isAsked && this.isOpen) {
      this.#deps.log.debug({ what: 'xmpp_websocket_silent', source: this.source })
      this.#socket.terminate()
      return
    }
    this.#isAsked = true
    if (this.isOpen) this.#socket.ping()
  }

  // The WebSocket's events

  heard(): void {
    this.lastHeard = this.#deps.clock.now()
    this.#isAsked = false
  }

  /** What a stranger sends without an end is not gathered. */
  bytes(length: number): void {
    if (this.#unframed === undefined) return
    this.#unframed += length
    const { maxStanzaBytes } = limitsOf(this.#deps.config).strangers
    if (this.#unframed <= maxStanzaBytes + length) return
    this.close(new StreamError('policy-violation', 'a stanza is too large'))
    this.#socket.terminate()
  }

  message(data: RawData, isBinary: boolean): void {
    if (!this.isOpen) return
    this.heard()
    if (this.#unframed !== undefined) this.#unframed = 0
    // §3.2
    if (isBinary || !Buffer.isBuffer(data)) {
      this.close(new StreamError('bad-format', 'messages are text'))
      return
    }
    this.#frames.push(data)
    if (this.#frames.waiting > MAX_READ_AHEAD) this.#socket.pause()
    this.#charge(data.length)
  }

  broken(error: Error): void {
    this.#deps.log.debug({ what: 'xmpp_socket_error', source: this.source, err: error })
    // What is no WebSocket message is refused by ws, in its protocol's words (RFC 6455 §7.4.1).
    const isRefused = 'code' in error && String(error.code).startsWith('WS_ERR_')
    if (!isRefused) return
    this.#state = 'closing'
    this.#end('closed')
  }

  /** What has come whole is worked on first. */
  gone(): void {
    this.#isGone = true
    this.#held?.cancel()
    this.#deadline?.cancel()
    if (!this.isOpen || this.#frames.waiting === 0) this.#finish()
  }

  #finish(): void {
    this.#state = 'closed'
    this.#frames.stop()
    this.#end('lost')
    this.#deps.left(this)
  }

  // Work

  failed(error: unknown): void {
    this.fail(error)
    if (this.#isGone) this.#finish()
  }

  take(frame: Buffer): void | Promise<void> {
    const content = elementOf(frame)
    if (!this.isOpen || isBlank(content)) return
    this.#parser.write(content)
    const element = this.#parsed()
    if (!element || !this.#parser.isBetweenStanzas) throw new StreamError('not-well-formed')
    if (element.ns === NS_FRAMING) {
      this.#frame(element)
      return
    }
    // §3.4: the first message is `<open/>`.
    if (this.#state === 'opening') throw new StreamError('bad-format')
    return this.#user?.element(element)
  }

  idle(): void {
    if (this.#isGone) this.#finish()
    else if (this.isOpen && !this.#held && this.#socket.isPaused) this.#socket.resume()
  }

  #parsed(): Element | undefined {
    const element = this.#element
    this.#element = undefined
    return element
  }

  #frame(element: Element): void {
    if (element.name === 'close') this.close()
    else if (element.name === 'open' && this.#state === 'opening') this.#opened(element)
    else throw new StreamError('bad-format')
  }

  #opened(header: Element): void {
    checkVersion(header)
    const { domain, features } = this.#user?.opened(header) ?? { domain: '', features: '' }
    this.#sendOpen(domain, header.attr('from'))
    this.#state = 'open'
    this.write(features)
  }

  // XmlHandler

  onOpen(): void {}

  /** §3.3.3: one element a frame. */
  onElement(element: Element): void {
    if (this.#element) throw new StreamError('not-well-formed', 'a message is one element')
    this.#element = element
  }

  onClose(): void {
    throw new StreamError('not-well-formed')
  }

  #charge(bytes: number): void {
    const { clock, config } = this.#deps
    const from = { session: this.#usage, address: this.#addressUsage }
    const waitMs = charge(limitsOf(config).intake, from, { bytes, stanzas: 1, now: clock.now() })
    if (waitMs === 0 || this.#held || !this.isOpen) return
    this.#socket.pause()
    this.#held = clock.after(waitMs, () => {
      this.#held = undefined
      if (this.isOpen && !this.#frames.isAtWork) this.#socket.resume()
    })
  }

  #sendOpen(domain: string | undefined, to?: string): void {
    this.#openSent = true
    this.#send(ownOpen(domain, to))
  }

  #send(frame: string): void {
    if (this.#socket.bufferedAmount + frame.length > this.#deps.config.maxQueuedBytes) {
      this.#overflowed()
      return
    }
    if (!this.#isCorked) {
      // One write of the system for all that is sent in this turn.
      this.#isCorked = true
      this.#stream.cork()
      flushAtEndOfTick(this)
    }
    this.#socket.send(frame)
  }

  flush(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    this.#stream.uncork()
  }

  #overflowed(): void {
    this.#deps.log.info({ what: 'xmpp_slow_reader_closed', source: this.source })
    this.#state = 'closing'
    this.#end('closed')
    this.#socket.terminate()
  }

  #end(how: StreamEnd): void {
    const user = this.#user
    this.#user = undefined
    user?.ended(how)
  }
}

/** Their listeners are functions that all share: no closures for each. */
interface CarryingSocket extends WebSocket {
  connection?: WebSocketConnection
}

interface CarryingStream extends Duplex {
  connection?: WebSocketConnection
}

function onMessage(this: CarryingSocket, data: RawData, isBinary: boolean): void {
  this.connection?.message(data, isBinary)
}

function onSign(this: CarryingSocket): void {
  this.connection?.heard()
}

function onError(this: CarryingSocket, error: Error): void {
  this.connection?.broken(error)
}

function onClose(this: CarryingSocket): void {
  this.connection?.gone()
}

function onBytes(this: CarryingStream, chunk: Buffer): void {
  this.connection?.bytes(chunk.length)
}

/**
 * One client's connection: bytes, TLS and stream headers (RFC 6120 §4, §5). What the elements on it
 * mean is the business of the negotiation and, once a resource is bound, of the stanza handler.
 *
 *   opening ──header──▶ open ──▶ … restart (TLS, SASL) ──▶ opening
 *      any ──error, timeout, </stream:stream>, shutdown──▶ closing ──peer's end, deadline──▶ closed
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { Element } from '../../xml/element.ts'
import { type XmlLimits, XmlStreamParser, XmlSyntaxError } from '../../xml/tokenizer.ts'
import { StreamError } from '../errors.ts'
import type { Wire } from '../session.ts'
import { SocketWriter } from '../stream/socket-writer.ts'
import type { C2sConfig } from './config.ts'
import { type FindContext, watchHandshake, wrapInTls } from './handshake.ts'
import { sourceOf } from './source-address.ts'
import { checkHeader, ownHeader } from './stream-header.ts'
import type { Unfinished } from './unfinished.ts'

/** What the connection asks of the layer that it carries. */
export interface StreamUser {
  /** A stream header came. Throws `StreamError`; answers the domain that speaks, and the features to send. */
  opened(header: Element): { readonly domain: string; readonly features: string }
  /** A first-level element came. Throws or rejects with `StreamError`. */
  element(element: Element): void | Promise<void>
  /** The connection is gone; called once. */
  ended(): void
}

export interface ConnectionDeps {
  readonly clock: Clock
  readonly log: Log
  readonly config: C2sConfig
  readonly secureContext: FindContext
  /** What is still being worked on when its stream has gone. */
  readonly unfinished: Unfinished
  /** Its socket has gone. */
  left(connection: Connection): void
}

type State = 'opening' | 'open' | 'closing' | 'closed'

const SHAPE_LIMITS = { maxDepth: 100, maxAttributes: 100 }
/** A client that takes longer to close his side is cut off. */
const CLOSE_TIMEOUT_MS = 2_000
/** Characters that may come while a stanza is being worked on, before the socket is left unread. */
const MAX_READ_AHEAD = 16_384

export class Connection implements Wire {
  /** Who it is where limits are per address. */
  readonly source: string
  readonly #deps: ConnectionDeps
  readonly #writer: SocketWriter
  #socket: Socket
  #user: StreamUser | undefined
  #parser: XmlStreamParser
  #state: State = 'opening'
  #headerSent = false
  #handshaking = false
  /** The client has said all; what is read already is worked on first. */
  #peerEnded = false
  #deadline: Timer | undefined
  /** When the client was last heard, milliseconds since the epoch. */
  lastHeard: number

  constructor(deps: ConnectionDeps, socket: Socket) {
    this.#deps = deps
    this.#socket = socket
    this.source = sourceOf(socket.remoteAddress ?? 'unknown')
    this.#parser = this.#newParser()
    this.lastHeard = deps.clock.now()
    this.#writer = new SocketWriter(socket, deps.config.maxQueuedBytes, () => this.#overflow())
    this.#listen(socket)
  }

  /** Starts reading; `direct` where the client begins with TLS (XEP-0368). */
  start(user: StreamUser, direct: boolean): void {
    this.#user = user
    if (!direct) {
      this.#read(this.#socket)
      return
    }
    const { secureContext } = this.#deps
    try {
      const context = secureContext()
      this.#secure(wrapInTls(this.#socket, secureContext, { context, direct }))
    } catch (error) {
      this.#deps.log.error({ what: 'xmpp_tls_failed', err: error })
      this.destroy()
    }
  }

  get isEncrypted(): boolean {
    return this.#socket instanceof TLSSocket
  }

  get tls(): TLSSocket | undefined {
    return this.#socket instanceof TLSSocket ? this.#socket : undefined
  }

  get isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'opening'
  }

  write(text: string): boolean {
    if (!this.isOpen) return false
    this.#writer.write(text)
    return this.isOpen
  }

  async flushed(): Promise<boolean> {
    return this.isOpen && (await this.#writer.flushed())
  }

  /**
   * Goes on in TLS, with the certificate of `domain` where the client names none in the handshake
   * (§5.4.3.1). Throws where there is no certificate.
   */
  upgrade(proceed: string, domain: string): void {
    const plain = this.#socket
    const { secureContext } = this.#deps
    const context = secureContext(domain)
    this.#writer.write(proceed)
    this.#writer.flush()
    // §5.4.3.3: whatever came before TLS, also behind `<starttls/>`, may be anybody's and is forgotten.
    this.#parser.pause()
    this.#parser = this.#newParser()
    this.#state = 'opening'
    this.#headerSent = false
    plain.removeAllListeners('data')
    this.#secure(wrapInTls(plain, secureContext, { context, direct: false }))
  }

  /** §6.4.6: the client begins a new stream on the same connection; it may send larger stanzas from here. */
  restart(): void {
    this.#state = 'opening'
    this.#headerSent = false
    this.#parser.reset()
    this.#parser.setLimits(limitsOf(this.#deps.config).signedIn)
  }

  /** §4.4: says why, closes the stream, and waits a moment for the client to close his side. */
  close(error?: StreamError): void {
    if (!this.isOpen) return
    // §5.4.3.2: no stream is there to be closed before the handshake is done.
    if (this.#handshaking) {
      this.destroy()
      return
    }
    if (!this.#headerSent) this.#sendHeader(undefined)
    this.#writer.write(`${error ?? ''}</stream:stream>`)
    this.#writer.flush()
    this.#state = 'closing'
    this.#socket.end()
    this.#socket.resume() // to hear the client's end, whatever was waited for
    this.#deadline = this.#deps.clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.destroy())
    this.#end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #newParser(): XmlStreamParser {
    return new XmlStreamParser(this, limitsOf(this.#deps.config).strangers)
  }

  #listen(socket: Socket): void {
    socket.on('error', (error) => {
      this.#deps.log.debug({ what: 'xmpp_socket_error', source: this.source, err: error })
    })
    socket.on('close', () => this.#closed(socket))
    socket.on('end', () => this.#endReceived(socket))
  }

  #read(socket: Socket): void {
    socket.on('data', (chunk) => this.#received(chunk))
  }

  #secure(tls: TLSSocket): void {
    this.#socket = tls
    this.#handshaking = true
    this.#writer.moveTo(tls)
    this.#listen(tls)
    watchHandshake(this.#deps.clock, tls, () => {
      this.#handshaking = false
      this.#read(tls)
    })
  }

  #received(chunk: Buffer): void {
    if (!this.isOpen) return
    this.lastHeard = this.#deps.clock.now()
    const parser = this.#parser
    try {
      parser.write(chunk)
    } catch (error) {
      this.fail(error)
    }
    if (parser.isPaused && parser.buffered > MAX_READ_AHEAD && this.isOpen) this.#socket.pause()
  }

  /** A client may close his side of the connection behind his last stanza. */
  #endReceived(socket: Socket): void {
    if (socket !== this.#socket) return
    this.#peerEnded = true
    if (!this.#parser.isPaused || this.#handshaking) this.close()
  }

  /** Ends the stream with the error that fits; a bug is logged and ends it too. */
  fail(error: unknown): void {
    if (error instanceof StreamError) this.close(error)
    else if (error instanceof XmlSyntaxError) this.close(new StreamError(error.condition))
    else {
      this.#deps.log.error({ what: 'xmpp_stream_failed', err: error })
      this.close(new StreamError('internal-server-error'))
    }
  }

  // XmlHandler

  onOpen(root: Element): void {
    checkHeader(root)
    const { domain, features } = this.#user?.opened(root) ?? { domain: '', features: '' }
    this.#sendHeader(domain, root.attr('from'))
    this.#state = 'open'
    this.#writer.write(features)
  }

  onElement(element: Element): void {
    const pending = this.#user?.element(element)
    if (pending instanceof Promise) this.#wait(pending)
  }

  onClose(): void {
    this.close()
  }

  /** RFC 6120 §10.1: in order, so nothing more is parsed while this one is being worked on. */
  #wait(pending: Promise<void>): void {
    this.#parser.pause()
    this.#deps.unfinished.add(pending)
    pending.then(
      () => this.#goOn(),
      (error: unknown) => this.fail(error),
    )
  }

  #goOn(): void {
    if (!this.isOpen || this.#handshaking) return
    try {
      this.#parser.resume()
    } catch (error) {
      this.fail(error)
    }
    // The next stanza may have to be waited for already.
    if (!this.isOpen || this.#parser.isPaused) return
    this.#socket.resume()
    if (this.#peerEnded) this.close()
  }

  #sendHeader(domain: string | undefined, to?: string): void {
    this.#headerSent = true
    this.#writer.write(ownHeader(domain, to))
  }

  #overflow(): void {
    this.#deps.log.info({ what: 'xmpp_slow_reader_closed', source: this.source })
    // What he did not read he will not read now either: no goodbye waits behind it.
    this.#state = 'closing'
    this.#end()
    this.#socket.destroy()
  }

  #closed(socket: Socket): void {
    if (socket !== this.#socket) return
    this.#state = 'closed'
    this.#deadline?.cancel()
    this.#end()
    this.#deps.left(this)
  }

  #end(): void {
    const user = this.#user
    this.#user = undefined
    user?.ended()
  }
}

interface StreamLimits {
  readonly strangers: XmlLimits
  readonly signedIn: XmlLimits
}

const limits = new WeakMap<C2sConfig, StreamLimits>()

/** One object for all connections of a configuration. */
function limitsOf(config: C2sConfig): StreamLimits {
  const known = limits.get(config)
  if (known) return known
  const made = {
    strangers: { ...SHAPE_LIMITS, maxStanzaBytes: config.maxStanzaBytesBeforeAuth },
    signedIn: { ...SHAPE_LIMITS, maxStanzaBytes: config.maxStanzaBytes },
  }
  limits.set(config, made)
  return made
}

/**
 * One client's connection: bytes, TLS and stream headers (RFC 6120 §4, §5). What the elements on it
 * mean is the business of the negotiation and, once a resource is bound, of the stanza handler.
 *
 *   opening ──header──▶ open ──▶ … restart (TLS, SASL) ──▶ opening
 *      any ──error, timeout, </stream:stream>, shutdown──▶ closing ──peer's end, deadline──▶ closed
 */
import type { ChannelBindingType, Link, LinkUser, PeerCertificate } from '../../net/link.ts'
import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { counter } from '../../util/metrics.ts'
import type { Element } from '../../xml/element.ts'
import { XmlStreamParser } from '../../xml/tokenizer.ts'
import type { StreamError } from '../errors.ts'
import type { C2sConfig } from './config.ts'
import type { Transport, Visitor } from './door.ts'
import { charge, Usage } from './intake.ts'
import { sourceOf } from './source-address.ts'
import type { StreamConnection, StreamEnd } from './stream-connection.ts'
import { checkHeader, ownHeader } from './stream-header.ts'
import { limitsOf, streamErrorOf } from './stream-limits.ts'
import type { Unfinished } from './unfinished.ts'

/** What the connection asks of the layer that it carries. */
export interface StreamUser {
  /** A stream header came. Throws `StreamError`; answers the domain that speaks, and the features to send. */
  opened(header: Element): { readonly domain: string; readonly features: string }
  /** A first-level element came. Throws or rejects with `StreamError`. */
  element(element: Element): void | Promise<void>
  /** The connection is gone; called once. */
  ended(how: StreamEnd): void
}

export interface ConnectionDeps {
  readonly clock: Clock
  readonly log: Log
  readonly config: C2sConfig
  /** What is still being worked on when its stream has gone. */
  readonly unfinished: Unfinished
  /** It has gone, with whatever carried it. */
  left(visitor: Visitor): void
}

type State = 'opening' | 'open' | 'closing' | 'closed'

/** A client that takes longer to close his side is cut off. */
const CLOSE_TIMEOUT_MS = 2_000
/** RFC 7590 §3.1: nobody waits for ever. */
const HANDSHAKE_TIMEOUT_MS = 20_000
const ALPN = ['xmpp-client'] // XEP-0368 §4
/** Characters that may come while a stanza is being worked on, before the socket is left unread. */
const MAX_READ_AHEAD = 16_384

const handshakes = counter({
  name: 'heliograph_xmpp_tls_handshakes_total',
  help: 'TLS handshakes of clients, by result.',
  labels: ['result'],
})

export class Connection implements StreamConnection, LinkUser, Visitor {
  readonly transport: Transport
  /** Who it is where limits are per address. */
  readonly source: string
  readonly #deps: ConnectionDeps
  readonly #link: Link
  #user: StreamUser | undefined
  #parser: XmlStreamParser
  #state: State = 'opening'
  #headerSent = false
  #handshaking = false
  /** The client has said all; what is read already is worked on first. */
  #peerEnded = false
  /** Of the handshake, and of the client's end. */
  #deadline: Timer | undefined
  /** When the client was last heard, milliseconds since the epoch. */
  lastHeard: number
  readonly #usage = new Usage()
  /** Of all from there. */
  readonly #addressUsage: Usage
  /** Came since it was charged for last. */
  #stanzas = 0
  /** Runs while it is left unread for having said too much. */
  #held: Timer | undefined

  constructor(
    deps: ConnectionDeps,
    link: Link,
    addressUsage = new Usage(),
    transport: Transport = 'tcp',
  ) {
    this.#deps = deps
    this.transport = transport
    this.#link = link
    this.#addressUsage = addressUsage
    this.source = sourceOf(link.remoteAddress)
    this.#parser = this.#newParser()
    this.lastHeard = deps.clock.now()
    link.user = this
  }

  /** Starts reading; `direct` where the client begins with TLS (XEP-0368). */
  start(user: StreamUser, direct: boolean): void {
    this.#user = user
    if (!direct) {
      this.#link.read()
      return
    }
    try {
      this.#link.secure({ alpn: ALPN }, '')
      this.#watchHandshake()
    } catch (error) {
      this.#deps.log.error({ what: 'xmpp_tls_failed', err: error })
      this.destroy()
    }
  }

  get canUpgrade(): boolean {
    return this.transport === 'tcp'
  }

  get isEncrypted(): boolean {
    return this.#link.isSecured
  }

  /** `undefined` without TLS, and where the type does not apply to it. */
  channelBinding(type: ChannelBindingType): Buffer | undefined {
    return this.#link.channelBinding(type)
  }

  get channelBindings(): readonly ChannelBindingType[] {
    return this.#link.channelBindings
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#link.peerCertificate
  }

  get isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'opening'
  }

  write(text: string): boolean {
    if (!this.isOpen) return false
    this.#link.write(text)
    return this.isOpen
  }

  async flushed(): Promise<boolean> {
    return this.isOpen && (await this.#link.flushed())
  }

  /**
   * Goes on in TLS, with the certificate of `domain` where the client names none in the handshake
   * (§5.4.3.1). Throws where there is no certificate.
   */
  upgrade(proceed: string, domain: string): void {
    this.#link.secure({ domain }, proceed)
    // §5.4.3.3: whatever came before TLS, also behind `<starttls/>`, may be anybody's and is forgotten.
    this.#parser.pause()
    this.#parser = this.#newParser()
    this.#state = 'opening'
    this.#headerSent = false
    this.#watchHandshake()
  }

  /** §6.4.6: the client begins a new stream on the same connection; it may send larger stanzas from here. */
  restart(): void {
    this.#state = 'opening'
    this.#headerSent = false
    this.#parser.reset()
    this.signedIn()
  }

  signedIn(): void {
    this.#parser.setLimits(limitsOf(this.#deps.config).signedIn)
  }

  /** §4.4: says why, closes the stream, and waits a moment for the client to close his side. */
  close(error?: StreamError): void {
    // A client that no longer answers may have lost its network only.
    this.#close(error, error?.condition === 'connection-timeout' ? 'lost' : 'closed')
  }

  #close(error: StreamError | undefined, how: StreamEnd): void {
    if (!this.isOpen) return
    // §5.4.3.2: no stream is there to be closed before the handshake is done.
    if (this.#handshaking) {
      this.destroy()
      return
    }
    if (!this.#headerSent) this.#sendHeader(undefined)
    this.#link.write(`${error ?? ''}</stream:stream>`)
    this.#state = 'closing'
    this.#link.end()
    this.#link.resume() // to hear the client's end, whatever was waited for
    this.#deadline = this.#deps.clock.after(CLOSE_TIMEOUT_MS, () => this.#link.destroy())
    this.#end(how)
  }

  destroy(): void {
    this.#link.destroy()
  }

  #newParser(): XmlStreamParser {
    return new XmlStreamParser(this, limitsOf(this.#deps.config).strangers)
  }

  #watchHandshake(): void {
    this.#handshaking = true
    this.#deadline = this.#deps.clock.after(HANDSHAKE_TIMEOUT_MS, () => this.#link.destroy())
  }

  #handshakeOver(result: 'done' | 'failed'): void {
    if (!this.#handshaking) return
    this.#handshaking = false
    this.#deadline?.cancel()
    handshakes.inc({ result })
  }

  // LinkUser

  received(chunk: Buffer): void {
    if (!this.isOpen) return
    this.lastHeard = this.#deps.clock.now()
    const parser = this.#parser
    try {
      parser.write(chunk)
    } catch (error) {
      this.fail(error)
    }
    if (parser.isPaused && parser.buffered > MAX_READ_AHEAD && this.isOpen) this.#link.pause()
    this.#charge(chunk.length)
  }

  #charge(bytes: number): void {
    const { clock, config } = this.#deps
    const now = clock.now()
    const said = { bytes, stanzas: this.#stanzas, now }
    this.#stanzas = 0
    const from = { session: this.#usage, address: this.#addressUsage }
    const waitMs = charge(limitsOf(config).intake, from, said)
    if (waitMs === 0 || this.#held || !this.isOpen) return
    this.#link.pause()
    this.#held = clock.after(waitMs, () => {
      this.#held = undefined
      if (this.isOpen && !this.#parser.isPaused) this.#link.resume()
    })
  }

  secured(): void {
    this.#handshakeOver('done')
  }

  /** A client may close his side of the connection behind his last stanza. */
  peerEnded(): void {
    this.#peerEnded = true
    if (!this.#parser.isPaused || this.#handshaking) this.#close(undefined, 'lost')
  }

  overflowed(): void {
    this.#deps.log.info({ what: 'xmpp_slow_reader_closed', source: this.source })
    // What he did not read he will not read now either: no goodbye waits behind it.
    this.#state = 'closing'
    this.#end('closed')
    this.#link.destroy()
  }

  failed(error: unknown): void {
    this.#deps.log.debug({ what: 'xmpp_socket_error', source: this.source, err: error })
  }

  closed(): void {
    this.#state = 'closed'
    this.#handshakeOver('failed')
    this.#deadline?.cancel()
    this.#held?.cancel()
    this.#end('lost')
    this.#deps.left(this)
  }

  /** Ends the stream with the error that fits; a bug is logged and ends it too. */
  fail(error: unknown): void {
    this.close(streamErrorOf(error, this.#deps.log))
  }

  // XmlHandler

  onOpen(root: Element): void {
    checkHeader(root)
    const { domain, features } = this.#user?.opened(root) ?? { domain: '', features: '' }
    this.#sendHeader(domain, root.attr('from'))
    this.#state = 'open'
    this.#link.write(features)
  }

  onElement(element: Element): void {
    this.#stanzas += 1
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
    if (!this.#held) this.#link.resume()
    if (this.#stanzas > 0) this.#charge(0)
    if (this.#peerEnded) this.#close(undefined, 'lost')
  }

  #sendHeader(domain: string | undefined, to?: string): void {
    this.#headerSent = true
    this.#link.write(ownHeader(domain, to))
  }

  #end(how: StreamEnd): void {
    const user = this.#user
    this.#user = undefined
    user?.ended(how)
  }
}

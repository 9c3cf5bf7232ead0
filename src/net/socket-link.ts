/** A link whose socket is in this thread. */
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { channelBinding, channelBindings, type Secured } from './channel-binding.ts'
import { flushAtEndOfTick } from './end-of-tick.ts'
import type {
  ChannelBindingType,
  ClientCertificates,
  FindContext,
  Link,
  LinkUser,
  PeerCertificate,
  TlsWish,
} from './link.ts'
import { peerCertificate } from './peer-certificate.ts'

/** The same for all links of a listener. */
export interface SocketLinkOptions {
  readonly name?: string | undefined
  readonly maxQueuedBytes: number
  readonly secureContext: FindContext
  readonly clientCertificates?: ClientCertificates | undefined
}

export class SocketLink implements Link {
  user: LinkUser | undefined
  readonly #options: SocketLinkOptions
  #socket: Socket
  /** What it shows, in TLS. */
  #context: SecureContext | undefined
  #pending = ''
  #scheduled = false
  #isSecured = false

  constructor(socket: Socket, options: SocketLinkOptions) {
    this.#options = options
    this.#socket = socket
    this.#listen(socket)
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? 'unknown'
  }

  get isSecured(): boolean {
    return this.#isSecured
  }

  read(): void {
    this.#socket.on('data', onData)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  write(text: string): void {
    this.#pending += text
    if (!this.#hasRoomFor(this.#pending.length)) {
      this.#pending = ''
      this.user?.overflowed()
      return
    }
    if (this.#scheduled) return
    this.#scheduled = true
    flushAtEndOfTick(this)
  }

  /** For bytes that have been gathered already: they leave at once. */
  writeNow(bytes: Uint8Array): void {
    if (!this.#hasRoomFor(bytes.length)) this.user?.overflowed()
    else if (this.#socket.writable) this.#socket.write(bytes)
  }

  flush(): void {
    this.#scheduled = false
    if (this.#pending === '') return
    const text = this.#pending
    this.#pending = ''
    if (this.#socket.writable) this.#socket.write(text)
  }

  flushed(): Promise<boolean> {
    this.flush()
    if (!this.#socket.writable) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#socket.write('', (error) => resolve(!error))
    })
  }

  secure({ domain, alpn }: TlsWish, last: string): void {
    const { clientCertificates: wanted } = this.#options
    this.#context = this.#find(domain)
    this.write(last)
    this.flush()
    const plain = this.#socket
    if (plain.readableEnded) {
      // TLS would wait for a peer who has said all.
      plain.destroy()
      return
    }
    plain.off('data', onData)
    const tls = new TLSSocket(plain, {
      isServer: true,
      secureContext: this.#context,
      ...(wanted && { requestCert: true, rejectUnauthorized: wanted.isRequired }),
      ...(alpn && {
        ALPNProtocols: [...alpn],
        SNICallback: (name, done) => chooseContext(() => this.#choose(name), done),
      }),
    })
    this.#socket = tls
    this.#listen(tls)
    tls.once('secure', onSecure)
    // @COMPAT(node, 24): a server's TLSSocket does not end by itself for a record that is wrong.
    tls.once('_tlsError', onTlsError)
  }

  channelBinding(type: ChannelBindingType): Buffer | undefined {
    const secured = this.#secured
    return secured && channelBinding(secured, type)
  }

  get channelBindings(): readonly ChannelBindingType[] {
    const secured = this.#secured
    return secured ? channelBindings(secured) : []
  }

  get peerCertificate(): PeerCertificate | undefined {
    const secured = this.#options.clientCertificates && this.#secured
    return secured && peerCertificate(secured.socket)
  }

  get #secured(): Secured | undefined {
    const socket = this.#socket
    const context = this.#context
    return socket instanceof TLSSocket && context ? { socket, context } : undefined
  }

  #find(domain: string | undefined): SecureContext {
    const { name, secureContext, clientCertificates } = this.#options
    return secureContext(domain, clientCertificates?.authorities, name)
  }

  #choose(domain: string): SecureContext {
    this.#context = this.#find(domain)
    return this.#context
  }

  /** A client without a certificate does not come so far where one is required; one with a bad certificate does. */
  #isWelcome(): boolean {
    if (!this.#options.clientCertificates?.isRequired) return true
    const certificate = this.peerCertificate
    if (certificate?.problem === undefined && certificate) return true
    this.user?.failed(new Error(`client certificate: ${certificate?.problem ?? 'none'}`))
    return false
  }

  end(): void {
    this.flush()
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #hasRoomFor(length: number): boolean {
    return length + this.#socket.writableLength <= this.#options.maxQueuedBytes
  }

  #listen(socket: LinkedSocket): void {
    socket.link = this
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('end', onEnd)
  }

  /** What becomes of the plain socket below TLS is told by the one above it. */
  happened(event: 'secured' | 'peerEnded' | 'closed', socket: Socket): void {
    if (socket !== this.#socket) return
    if (event === 'secured') {
      if (!this.#isWelcome()) {
        socket.destroy()
        return
      }
      this.#isSecured = true
    }
    this.user?.[event]()
    if (socket.destroyed) return
    if (event === 'secured') this.read()
    // Nobody is left to shake hands with.
    else if (!this.#isSecured && socket instanceof TLSSocket) socket.destroy()
  }
}

/** Its listeners are functions that all sockets share: four closures less for each. */
interface LinkedSocket extends Socket {
  link?: SocketLink
}

function onData(this: LinkedSocket, chunk: Buffer): void {
  this.link?.user?.received(chunk)
}

function onEnd(this: LinkedSocket): void {
  this.link?.happened('peerEnded', this)
}

function onClose(this: LinkedSocket): void {
  this.link?.happened('closed', this)
}

function onError(this: LinkedSocket, error: unknown): void {
  this.link?.user?.failed(error)
}

function onSecure(this: LinkedSocket): void {
  this.link?.happened('secured', this)
}

function onTlsError(this: LinkedSocket): void {
  this.destroy()
}

/** RFC 6066 §3. No certificate ends the handshake, and nothing else. */
function chooseContext(
  find: () => SecureContext,
  done: (error: Error | null, context?: SecureContext) => void,
): void {
  try {
    done(null, find())
  } catch (error) {
    done(error instanceof Error ? error : new Error('no certificate'))
  }
}

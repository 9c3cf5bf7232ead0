/** An XMPP client on a WebSocket (RFC 7395), for tests: does what a test tells it, wrong things included. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { parseDocument } from '../../src/xml/document.ts'
import { type Element, xml } from '../../src/xml/element.ts'
import { LIMITS, NS_CLIENT, NS_STREAM, StreamClient } from './stream-client.ts'

export const NS_FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'

export interface WsOptions {
  origin?: string
  /** Subprotocols; `xmpp` where not given. */
  protocols?: string[]
  headers?: Record<string, string>
  /** False for one that gives no sign of life. */
  autoPong?: boolean
}

export class WsClient extends StreamClient {
  readonly socket: WebSocket
  /** All that came, as it came. */
  readonly frames: string[] = []
  /** The server's last `<open/>`. */
  header: Element | undefined
  /** The code that the WebSocket was closed with. */
  closeCode: number | undefined

  private constructor(socket: WebSocket) {
    super()
    this.socket = socket
    socket.on('message', (data: Buffer) => this.#frame(data.toString()))
    socket.on('error', () => undefined) // 'close' follows
    socket.on('close', (code) => {
      this.closeCode = code
      this.gone()
    })
  }

  /** Rejects with the status where the server takes no WebSocket. */
  static async connect(url: string, options: WsOptions = {}): Promise<WsClient> {
    const { origin, protocols = ['xmpp'], headers, autoPong = true } = options
    const socket = new WebSocket(url, protocols, {
      rejectUnauthorized: false,
      autoPong,
      perMessageDeflate: false,
      ...(origin !== undefined && { origin }),
      ...(headers && { headers }),
    })
    // Before it is open: what the server says at once is not to be missed.
    const client = new WsClient(socket)
    const refused = once(socket, 'unexpected-response').then(([, response]) => {
      throw new Error(`refused: ${(response as IncomingMessage).statusCode}`)
    })
    refused.catch(() => undefined)
    await Promise.race([once(socket, 'open'), refused])
    return client
  }

  /** Below the WebSocket. */
  get tls(): TLSSocket {
    const stream: unknown = Reflect.get(this.socket, '_socket')
    if (!(stream instanceof TLSSocket)) throw new Error('there is no TLS')
    return stream
  }

  async open(domain: string): Promise<Element> {
    this.sendOpen(domain)
    await this.expect((element) => element.is('open', NS_FRAMING))
    return await this.expect((element) => element.is('features', NS_STREAM))
  }

  sendOpen(to: string, version = '1.0'): void {
    this.sendFrame(String(xml('open', { xmlns: NS_FRAMING, to, version, 'xml:lang': 'en' })))
  }

  sendFrame(frame: string | Buffer): void {
    this.socket.send(frame)
  }

  send(stanza: Element | string): void {
    const text = String(stanza)
    // As every client does: a frame is a document of its own.
    const isBare = /^<(?:message|presence|iq)\b(?![^>]*\sxmlns=)/.test(text)
    this.sendFrame(isBare ? text.replace(/^<\w+/, `$& xmlns='${NS_CLIENT}'`) : text)
  }

  async cut(): Promise<void> {
    this.socket.terminate()
    await this.closed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isGone) this.sendFrame(`<close xmlns='${NS_FRAMING}'/>`)
    await this.closed()
  }

  #frame(frame: string): void {
    this.frames.push(frame)
    const element = parseDocument(frame, LIMITS)
    if (element.is('open', NS_FRAMING)) this.header = element
    this.came(element)
  }
}

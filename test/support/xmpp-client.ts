/**
 * An XMPP client for tests: speaks to a real socket, waits on what comes and never on time.
 * It does what a test tells it and nothing else, wrong things included.
 */

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { type Element, xml } from '../../src/xml/element.ts'
import { XmlStreamParser } from '../../src/xml/tokenizer.ts'
import { authenticate2, type SignIn2Options } from './sasl2-client.ts'
import { ScramClient } from './scram-client.ts'

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const NS_STREAM = 'http://etherx.jabber.org/streams'
const LIMITS = { maxStanzaBytes: 16_777_216, maxDepth: 100, maxAttributes: 100 }

export interface ConnectOptions {
  port: number
  host?: string
  /** TLS from the start (XEP-0368). */
  direct?: boolean
  alpn?: string[]
  servername?: string
  /** The client's certificate and its key, in PEM. */
  identity?: { cert: string; key: string }
  /** Of TLS, to be resumed. */
  session?: Buffer
}

export interface SignInOptions {
  jid: string
  password: string
  /** `SCRAM-SHA-256` where not given. */
  mechanism?: string
  resource?: string
}

type Matcher = (element: Element) => boolean

export class XmppClient implements AsyncDisposable {
  socket: Socket
  /** The server's last stream header. */
  header: Element | undefined
  /** The full JID, once bound. */
  jid = ''
  #parser: XmlStreamParser
  readonly #received: Element[] = []
  readonly #wakers = new Set<() => void>()
  #streamClosed = false
  #gone = false
  #ids = 0
  #watch: ((element: Element) => void) | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    this.#parser = this.#newParser()
    this.#attach(socket)
  }

  static async connect(options: ConnectOptions): Promise<XmppClient> {
    const { port, host = '127.0.0.1', direct = false } = options
    if (!direct) {
      const socket = connectTcp({ port, host })
      await once(socket, 'connect')
      return new XmppClient(socket)
    }
    const socket = connectTls({
      port,
      host,
      rejectUnauthorized: false,
      ALPNProtocols: options.alpn ?? ['xmpp-client'],
      ...(options.servername !== undefined && { servername: options.servername }),
      ...options.identity,
      ...(options.session && { session: options.session }),
    })
    await once(socket, 'secureConnect')
    return new XmppClient(socket)
  }

  /** Connects, secures the stream where it is not, signs in. */
  static async authenticated(connect: ConnectOptions, options: SignInOptions): Promise<XmppClient> {
    const client = await XmppClient.connect(connect)
    const domain = options.jid.split('@')[1] ?? ''
    const features = await client.open(domain)
    if (!connect.direct && features.child('starttls', NS_TLS)?.child('required')) {
      await client.startTls(domain)
      await client.open(domain)
    }
    const outcome = await client.authenticate(options)
    if (outcome.name !== 'success') throw new Error(`not signed in: ${outcome}`)
    await client.open(domain)
    return client
  }

  /** As `authenticated`, then with a resource. */
  static async signIn(connect: ConnectOptions, options: SignInOptions): Promise<XmppClient> {
    const client = await XmppClient.authenticated(connect, options)
    await client.bind(options.resource)
    return client
  }

  /** As `signIn`, then initial presence, which it waits to see come back (RFC 6121 §4.2.2). */
  static async online(connect: ConnectOptions, options: SignInOptions): Promise<XmppClient> {
    const client = await XmppClient.signIn(connect, options)
    await client.available()
    return client
  }

  async available(inside = ''): Promise<Element> {
    this.send(`<presence>${inside}</presence>`)
    return await this.expect((el) => el.name === 'presence' && el.attr('from') === this.jid)
  }

  /** Opens a stream and answers the features. */
  async open(domain: string, from?: string): Promise<Element> {
    this.sendHeader(domain, from)
    return await this.expect((element) => element.is('features', NS_STREAM))
  }

  sendHeader(domain: string, from?: string): void {
    const sender = from === undefined ? '' : ` from='${from}'`
    this.send(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${NS_STREAM}' to='${domain}'${sender} version='1.0'>`,
    )
  }

  /** Runs one exchange of XEP-0388 and answers `<success/>`, `<failure/>` or `<continue/>`; with a resource where it got one. */
  async authenticate2(options: SignIn2Options): Promise<Element> {
    const outcome = await authenticate2(this, options)
    const identity = outcome.child('authorization-identifier')?.text() ?? ''
    if (identity.includes('/')) this.jid = identity
    return outcome
  }

  async startTls(servername: string, identity?: { cert: string; key: string }): Promise<void> {
    this.send(`<starttls xmlns='${NS_TLS}'/>`)
    await this.expect((element) => element.is('proceed', NS_TLS))
    this.socket.removeAllListeners('data')
    const socket = connectTls({
      socket: this.socket,
      rejectUnauthorized: false,
      servername,
      ...identity,
    })
    await once(socket, 'secureConnect')
    this.socket = socket
    this.#parser = this.#newParser()
    this.#attach(socket)
  }

  /** Runs one SASL exchange and answers `<success/>` or `<failure/>`; the stream is then new. */
  async authenticate(options: SignInOptions): Promise<Element> {
    const { jid, password, mechanism = 'SCRAM-SHA-256' } = options
    const user = jid.split('@')[0] ?? ''
    if (mechanism === 'PLAIN') {
      return await this.#exchange(mechanism, `\0${user}\0${password}`, () => '')
    }
    const scram = new ScramClient({ mechanism, user, password, ...this.binding(mechanism) })
    const outcome = await this.#exchange(mechanism, scram.first(), (challenge) =>
      scram.final(challenge),
    )
    const signature = Buffer.from(outcome.text(), 'base64').toString()
    if (outcome.name === 'success' && !scram.accepts(signature)) {
      throw new Error('the server does not know the password')
    }
    return outcome
  }

  /** For mechanisms with channel binding, to the TLS exporter. */
  binding(mechanism: string): { binding?: { type: string; data: Buffer } } {
    if (!mechanism.endsWith('-PLUS')) return {}
    return { binding: { type: 'tls-exporter', data: this.exporter() } }
  }

  /** RFC 9266, as this end sees it. */
  exporter(): Buffer {
    return this.tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  }

  /** RFC 5929 §4.1, as this end sees it. */
  endPoint(): Buffer {
    return createHash('sha256').update(this.tls.getPeerCertificate().raw).digest()
  }

  get tls(): TLSSocket {
    return this.socket as TLSSocket
  }

  async #exchange(
    mechanism: string,
    initial: string,
    answer: (challenge: string) => string,
  ): Promise<Element> {
    const encode = (text: string) => Buffer.from(text).toString('base64')
    this.send(xml('auth', { xmlns: NS_SASL, mechanism }, encode(initial)))
    for (;;) {
      const reply = await this.expect((element) => element.ns === NS_SASL)
      if (reply.name !== 'challenge') {
        if (reply.name === 'success') {
          this.#parser.reset()
          this.#parser.resume()
        }
        return reply
      }
      const challenge = Buffer.from(reply.text(), 'base64').toString()
      this.send(xml('response', { xmlns: NS_SASL }, encode(answer(challenge))))
    }
  }

  async bind(resource?: string): Promise<string> {
    const wanted = resource === undefined ? undefined : xml('resource', {}, resource)
    const result = await this.iq('set', xml('bind', { xmlns: NS_BIND }, wanted))
    this.jid = result.child('bind', NS_BIND)?.child('jid')?.text() ?? ''
    if (this.jid === '') throw new Error(`not bound: ${result}`)
    return this.jid
  }

  /** Sends an iq and answers its result or error. */
  async iq(type: 'get' | 'set', payload: Element | string, to?: string): Promise<Element> {
    const id = `t${++this.#ids}`
    const address = to === undefined ? '' : ` to='${to}'`
    this.send(`<iq type='${type}' id='${id}'${address}>${payload}</iq>`)
    return await this.expect(
      (element) =>
        element.name === 'iq' &&
        element.attr('id') === id &&
        /^(result|error)$/.test(element.attr('type') ?? ''),
    )
  }

  send(stanza: Element | string): void {
    this.socket.write(typeof stanza === 'string' ? stanza : stanza.toString('jabber:client'))
  }

  sendPart(part: string): void {
    this.socket.write(part)
  }

  /** The first stanza that matches, come already or yet to come; others stay for later. */
  async expect(matches: Matcher): Promise<Element> {
    for (;;) {
      const at = this.#received.findIndex(matches)
      const [found] = at < 0 ? [] : this.#received.splice(at, 1)
      if (found) return found
      if (this.#gone) throw new Error(`gone while waiting; unread: ${this.#received.join(' ')}`)
      await new Promise<void>((wake) => this.#wakers.add(wake))
    }
  }

  /** Shows each stanza as it comes; those that wait for them still get them. */
  watch(listener: (element: Element) => void): void {
    this.#watch = listener
  }

  expectMessage(body?: string): Promise<Element> {
    return this.expect(
      (element) =>
        element.name === 'message' &&
        (body === undefined || element.child('body')?.text() === body),
    )
  }

  /** Presence of this type (`available` for none), from this address where given, bare or full. */
  expectPresence(type: string, from?: string): Promise<Element> {
    return this.expect((element) => {
      const sender = element.attr('from') ?? ''
      return (
        element.name === 'presence' &&
        (element.attr('type') ?? 'available') === type &&
        (from === undefined || sender === from || sender.startsWith(`${from}/`))
      )
    })
  }

  expectStreamError(): Promise<Element> {
    return this.expect((element) => element.is('error', NS_STREAM))
  }

  /**
   * Everything that the server had to send by now: what it does in answer to earlier stanzas of this
   * client comes before the answer to this ping (RFC 6120 §10.1). Taken out of what is unread.
   */
  async settle(): Promise<Element[]> {
    await this.iq('get', `<ping xmlns='urn:xmpp:ping'/>`)
    return this.#received.splice(0)
  }

  /** Resolves when the server has closed the stream and the connection. */
  async closed(): Promise<void> {
    while (!this.#gone) await new Promise<void>((wake) => this.#wakers.add(wake))
  }

  get streamClosed(): boolean {
    return this.#streamClosed
  }

  /** Says goodbye and waits until the server has too. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gone) return
    this.socket.end('</stream:stream>')
    await this.closed()
  }

  /** As when a cable is pulled. */
  async cut(): Promise<void> {
    this.socket.destroy()
    await this.closed()
  }

  #newParser(): XmlStreamParser {
    return new XmlStreamParser(
      {
        onOpen: (root) => {
          this.header = root
        },
        onElement: (element) => {
          // What follows `<success/>` is a new stream (RFC 6120 §6.4.6).
          if (element.is('success', NS_SASL)) this.#parser.pause()
          this.#received.push(element)
          this.#watch?.(element)
          this.#wake()
        },
        onClose: () => {
          this.#streamClosed = true
        },
      },
      LIMITS,
    )
  }

  #attach(socket: Socket): void {
    socket.on('data', (chunk) => this.#parser.write(chunk))
    socket.on('error', () => undefined) // 'close' follows
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      if (socket !== this.socket) return
      this.#gone = true
      this.#wake()
    })
  }

  #wake(): void {
    for (const wake of this.#wakers) wake()
    this.#wakers.clear()
  }
}

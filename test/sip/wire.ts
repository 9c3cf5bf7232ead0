/** Plain sockets that speak SIP text, for tests of what really goes over the wire. */
import dgram from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'

/** Messages as they arrive, to be awaited one by one. */
export class Mailbox {
  readonly #arrived: string[] = []
  #waiting: ((message: string) => void) | undefined

  put(message: string): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting(message)
    else this.#arrived.push(message)
  }

  next(): Promise<string> {
    const message = this.#arrived.shift()
    if (message !== undefined) return Promise.resolve(message)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  get waiting(): number {
    return this.#arrived.length
  }

  /** The next one, which stays. */
  async peek(): Promise<string> {
    const message = await this.next()
    this.#arrived.unshift(message)
    return message
  }
}

export class UdpPeer implements AsyncDisposable {
  readonly inbox = new Mailbox()
  readonly #socket: dgram.Socket
  readonly #server: number
  #closed = false

  constructor(socket: dgram.Socket, server: number) {
    this.#socket = socket
    this.#server = server
    socket.on('message', (bytes) => this.inbox.put(bytes.toString()))
  }

  static async open(server: number, host = '127.0.0.1', port = 0): Promise<UdpPeer> {
    const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.bind(port, host)
    await once(socket, 'listening')
    return new UdpPeer(socket, server)
  }

  get port(): number {
    return this.#socket.address().port
  }

  send(message: string | Buffer, port = this.#server): void {
    this.#socket.send(message, port, this.#socket.address().address)
  }

  next(): Promise<string> {
    return this.inbox.next()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

export class StreamPeer implements AsyncDisposable {
  readonly socket: Socket
  readonly closed: Promise<void>
  readonly inbox = new Mailbox()
  #buffer = ''

  constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => this.#read(bytes.toString('latin1')))
  }

  static async tcp(port: number): Promise<StreamPeer> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new StreamPeer(socket)
  }

  static async tls(port: number, options: ConnectionOptions): Promise<StreamPeer> {
    const socket = tlsConnect({ port, host: '127.0.0.1', ...options })
    await once(socket, 'secureConnect')
    return new StreamPeer(socket)
  }

  send(text: string): void {
    this.socket.write(text)
  }

  next(): Promise<string> {
    return this.inbox.next()
  }

  async close(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Keep-alives (RFC 5626 §3.5.1) arrive as a line break of their own. */
  #read(text: string): void {
    this.#buffer += text
    for (;;) {
      if (this.#buffer.startsWith('\r\n')) {
        this.#take(2)
        continue
      }
      const head = this.#buffer.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/^Content-Length:\s*(\d+)/im.exec(this.#buffer)?.[1] ?? 0)
      if (this.#buffer.length < head + 4 + length) return
      this.#take(head + 4 + length)
    }
  }

  #take(length: number): void {
    this.inbox.put(this.#buffer.slice(0, length))
    this.#buffer = this.#buffer.slice(length)
  }
}

export interface RequestText {
  method?: string
  uri?: string
  transport?: 'UDP' | 'TCP' | 'TLS' | 'WS'
  sentBy?: string
  branch?: string
  viaParams?: string
  from?: string
  to?: string
  callId?: string
  cseq?: number
  headers?: string[]
  body?: string
}

let lastId = 0

/** A well-formed request; whatever a test is about it overrides. */
export function requestText(parts: RequestText = {}): string {
  lastId += 1
  const { method = 'OPTIONS', transport = 'UDP', sentBy = '127.0.0.1:5999', body = '' } = parts
  const { branch = `z9hG4bK-test-${lastId}`, viaParams = ';rport', headers = [] } = parts
  return [
    `${method} ${parts.uri ?? 'sip:example.com'} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${sentBy};branch=${branch}${viaParams}`,
    'Max-Forwards: 70',
    `From: ${parts.from ?? '<sip:alice@example.com>;tag=a1'}`,
    `To: ${parts.to ?? '<sip:example.com>'}`,
    `Call-ID: ${parts.callId ?? `call-${lastId}`}`,
    `CSeq: ${parts.cseq ?? 1} ${method}`,
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

/** A response to a request as it was received, with a To tag. */
export function responseText(request: string, status: string, headers: string[] = []): string {
  const copied = request
    .split('\r\n')
    .filter((line) => /^(Via|From|Call-ID|CSeq|To):/i.test(line))
    .map((line) => (/^To:/i.test(line) && !/;tag=/.test(line) ? `${line};tag=peer` : line))
  return [`SIP/2.0 ${status}`, ...copied, ...headers, 'Content-Length: 0', '', ''].join('\r\n')
}

export function statusOf(response: string): number {
  return Number(/^SIP\/2\.0 (\d{3})/.exec(response)?.[1])
}

/** The first value of a header; '' where there is none. */
export function headerOf(message: string, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(message)?.[1]?.trim() ?? ''
}

/**
 * Ways to the server that cost next to nothing: a UDP socket, or a TCP connection whose messages are
 * cut by Content-Length and written once for each piece that was read.
 */
import { randomInt } from 'node:crypto'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export type Transport = 'udp' | 'tcp'

export interface Link extends Disposable {
  readonly transport: Transport
  readonly port: number
  /** Complete messages, in latin1: one character a byte. */
  send(text: string): void
}

export interface LinkOwner {
  received(text: string, link: Link): void
  failed(error: Error): void
}

/** Bursts must not be lost where they are only counted. */
const UDP_BUFFER_BYTES = 4 * 1024 * 1024
/**
 * A long NOTIFY tries TCP at the port that it would reach by UDP (RFC 3261 §18.1.1), and whoever accepts
 * there gets all of them. Below the ports that the kernel gives to whoever asks for any, nobody will.
 */
const UDP_PORTS = { first: 20_000, after: 30_000, tries: 50 }
const HEAD_END = '\r\n\r\n'

export async function openLink(
  transport: Transport,
  port: number,
  owner: LinkOwner,
): Promise<Link> {
  return transport === 'udp' ? await UdpLink.open(port, owner) : await TcpLink.open(port, owner)
}

class UdpLink implements Link {
  readonly transport = 'udp'
  readonly #socket: UdpSocket

  private constructor(socket: UdpSocket, owner: LinkOwner) {
    this.#socket = socket
    socket.on('message', (bytes) => owner.received(bytes.toString('latin1'), this))
    socket.on('error', (error) => owner.failed(error))
  }

  static async open(port: number, owner: LinkOwner): Promise<UdpLink> {
    const socket = await bindUdp()
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new UdpLink(socket, owner)
  }

  get port(): number {
    return this.#socket.address().port
  }

  send(text: string): void {
    this.#socket.send(Buffer.from(text, 'latin1'))
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}

async function bindUdp(): Promise<UdpSocket> {
  for (let tries = 0; tries < UDP_PORTS.tries; tries += 1) {
    const port = randomInt(UDP_PORTS.first, UDP_PORTS.after)
    const socket = createSocket({ type: 'udp4', recvBufferSize: UDP_BUFFER_BYTES })
    try {
      await refusesTcp(port)
      socket.bind(port, '127.0.0.1')
      await once(socket, 'listening')
      return socket
    } catch {
      // Somebody has it.
      socket.close()
    }
  }
  throw new Error('no free UDP port')
}

/** Rejects where somebody listens. */
async function refusesTcp(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}

class TcpLink implements Link {
  readonly transport = 'tcp'
  readonly #socket: Socket
  readonly #owner: LinkOwner
  #rest = ''
  #out = ''
  #isClosing = false

  private constructor(socket: Socket, owner: LinkOwner) {
    this.#socket = socket
    this.#owner = owner
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#read(chunk))
    socket.on('error', (error) => owner.failed(error))
    socket.on('close', () => {
      if (!this.#isClosing) owner.failed(new Error('the server hung up'))
    })
  }

  static async open(port: number, owner: LinkOwner): Promise<TcpLink> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new TcpLink(socket, owner)
  }

  get port(): number {
    return this.#socket.localPort ?? 0
  }

  send(text: string): void {
    if (this.#out === '') queueMicrotask(() => this.#flush())
    this.#out += text
  }

  [Symbol.dispose](): void {
    this.#isClosing = true
    this.#socket.destroy()
  }

  #flush(): void {
    this.#socket.write(this.#out, 'latin1')
    this.#out = ''
  }

  #read(chunk: string): void {
    const all = this.#rest + chunk
    let start = 0
    for (;;) {
      const end = endOfMessage(all, start)
      if (end === undefined) break
      this.#owner.received(all.slice(start, end), this)
      start = end
    }
    this.#rest = all.slice(start)
  }
}

/** Where the message that begins at `start` ends; `undefined` where it is not complete. */
function endOfMessage(text: string, start: number): number | undefined {
  const head = text.indexOf(HEAD_END, start)
  if (head < 0) return undefined
  const field = text.indexOf('\r\nContent-Length:', start)
  if (field < 0 || field > head) throw new Error('a message without Content-Length')
  const end = head + HEAD_END.length + Number.parseInt(text.slice(field + 17, field + 30), 10)
  return end <= text.length ? end : undefined
}

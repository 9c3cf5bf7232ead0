/** One UDP socket: every datagram is one message (RFC 3261 §18.3). */
import dgram from 'node:dgram'
import { once } from 'node:events'
import { isIPv4, isIPv6 } from 'node:net'
import type { Log } from '../../util/log.ts'
import { isWildcard, localAddressTowards, normalizeHost } from './addresses.ts'
import { messagesSent, sendFailures } from './metrics.ts'
import { type Endpoint, type Flow, nextFlowId } from './transport.ts'

/** Bursts of presence come as datagrams; the kernel's default buffer holds some two hundred. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024

export interface UdpOwner {
  readonly log: Log
  readonly advertise: string | undefined
  received(bytes: Buffer, source: Endpoint, listener: UdpListener): void
}

export class UdpListener implements Flow {
  readonly id = nextFlowId()
  readonly transport = 'udp'
  readonly provenNames: readonly string[] = []
  readonly #owner: UdpOwner
  readonly #socket: dgram.Socket
  readonly #family: 4 | 6
  #bound: Endpoint
  #open = false

  constructor(owner: UdpOwner, { host, port }: Endpoint) {
    this.#owner = owner
    this.#bound = { host: normalizeHost(host), port }
    this.#family = isIPv6(this.#bound.host) ? 6 : 4
    this.#socket = dgram.createSocket({
      type: this.#family === 6 ? 'udp6' : 'udp4',
      recvBufferSize: SOCKET_BUFFER_BYTES,
      // Only addresses come here: the usual look-up would put each datagram off for a turn.
      lookup: (address, _options, done) => done(null, address, this.#family),
    })
  }

  /** Rejects where the address cannot be bound. Resolves with the address, its port filled in. */
  async listen(): Promise<Endpoint> {
    const listening = once(this.#socket, 'listening')
    this.#socket.bind({ address: this.#bound.host, port: this.#bound.port })
    await listening
    this.#bound = { host: this.#bound.host, port: this.#socket.address().port }
    this.#open = true
    this.#socket.on('error', (error) => {
      this.#owner.log.warn({ what: 'sip_udp_error', error: error.message })
    })
    this.#socket.on('message', (bytes, { address, port }) => {
      this.#owner.received(bytes, { host: normalizeHost(address), port }, this)
    })
    return this.#bound
  }

  get open(): boolean {
    return this.#open
  }

  get bound(): Endpoint {
    return this.#bound
  }

  get port(): number {
    return this.#bound.port
  }

  /** What the kernel granted of what was asked for, as it counts. */
  get bufferBytes(): number {
    return this.#open ? this.#socket.getRecvBufferSize() : 0
  }

  /** A socket bound to `::` speaks IPv4 too. */
  reaches(host: string): boolean {
    return this.#family === 4 ? isIPv4(host) : isIPv6(host) || this.#bound.host === '::'
  }

  localEndpoint(remote: Endpoint): Endpoint {
    const { host, port } = this.#bound
    if (this.#owner.advertise) return { host: this.#owner.advertise, port }
    return { host: isWildcard(host) ? localAddressTowards(remote.host) : host, port }
  }

  write(bytes: Buffer, to: Endpoint, failed?: (error: Error) => void): void {
    if (!this.#open) {
      failed?.(new Error('listener is closed'))
      return
    }
    const host = this.#family === 6 && isIPv4(to.host) ? `::ffff:${to.host}` : to.host
    messagesSent.inc({ transport: 'udp' })
    try {
      this.#socket.send(bytes, to.port, host, (error) => {
        if (error) this.#failed(error, failed)
      })
    } catch (error) {
      // Port 0 and the like throw at once.
      this.#failed(error instanceof Error ? error : new Error(String(error)), failed)
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  #failed(error: Error, tell: ((error: Error) => void) | undefined): void {
    sendFailures.inc({ transport: 'udp' })
    tell?.(error)
  }
}

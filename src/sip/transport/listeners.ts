/** The sockets that listen, and which of them a packet leaves by. */
import type { SecureContextOptions } from 'node:tls'
import { isWildcard, localAddressTowards } from './addresses.ts'
import type { StreamListener } from './stream-listener.ts'
import type { Endpoint, TransportName } from './transport.ts'
import type { UdpListener } from './udp-listener.ts'

export interface Listening extends Endpoint {
  readonly transport: TransportName
}

interface Stream {
  readonly transport: 'tcp' | 'tls'
  readonly listener: StreamListener
}

export class Listeners {
  readonly udp: UdpListener[] = []
  readonly streams: Stream[] = []

  get bound(): readonly Listening[] {
    const streams = this.streams.map(({ transport, listener }) => ({
      transport,
      ...listener.bound,
    }))
    return [...this.udp.map(({ bound }) => ({ transport: 'udp' as const, ...bound })), ...streams]
  }

  /** Of several, the one that has the address from which the kernel would send there. */
  udpReaching(host: string): UdpListener | undefined {
    const reaching = this.udp.filter((listener) => listener.reaches(host))
    if (reaching.length < 2) return reaching[0]
    const local = localAddressTowards(host)
    return (
      reaching.find(({ bound }) => bound.host === local) ??
      reaching.find(({ bound }) => isWildcard(bound.host)) ??
      reaching[0]
    )
  }

  /** Throws where there is none. */
  udpTowards(host: string): UdpListener {
    const listener = this.udpReaching(host)
    if (!listener) throw new Error(`no UDP listener reaches ${host}`)
    return listener
  }

  portOf(transport: TransportName): number | undefined {
    return this.streams.find((stream) => stream.transport === transport)?.listener.bound.port
  }

  /** A new certificate for the TLS handshakes to come. */
  renew(options: SecureContextOptions): void {
    for (const { listener } of this.streams) listener.renew(options)
  }

  async close(): Promise<void> {
    const streams = this.streams.map(({ listener }) => listener.close())
    await Promise.all([...streams, ...this.udp.map((listener) => listener.close())])
  }
}

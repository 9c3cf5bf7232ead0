/** Who is behind an HTTP request: the peer of its connection, or whom a proxy of ours names. */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

export interface Caller {
  /** As the system, or the proxy, writes it. */
  readonly address: string
  /** TLS all the way, as far as we can know. */
  readonly isEncrypted: boolean
  /** No proxy stands between: the TLS of the connection is the client's own. */
  readonly isDirect: boolean
}

export class Callers {
  readonly #proxies = new BlockList()

  /** Proxies whose word is taken: addresses, and networks such as `10.0.0.0/8`. */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = '', bits] = proxy.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#proxies.addAddress(address, family)
      else this.#proxies.addSubnet(address, Number(bits), family)
    }
  }

  of({ headers, socket }: IncomingMessage): Caller {
    const peer = socket.remoteAddress ?? 'unknown'
    const isTls = isSecured(socket)
    if (!this.#isProxy(peer)) return { address: peer, isEncrypted: isTls, isDirect: true }
    const { 'x-forwarded-for': hops = '', 'x-forwarded-proto': scheme } = headers
    return {
      address: this.#behind(peer, String(hops)),
      // The last proxy speaks of its own client.
      isEncrypted: scheme === undefined ? isTls : /^(https|wss)$/i.test(lastOf(String(scheme))),
      isDirect: false,
    }
  }

  /** The nearest that is no proxy of ours: those before it may be anybody's invention. */
  #behind(peer: string, hops: string): string {
    let nearest = peer
    for (const hop of hops.split(',').reverse()) {
      const address = addressIn(hop.trim())
      if (address === undefined) return nearest
      nearest = address
      if (!this.#isProxy(address)) return address
    }
    return nearest
  }

  #isProxy(address: string): boolean {
    // Where a listener takes both kinds, IPv4 looks so (RFC 4291 §2.5.5.2).
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
    const family = isIP(plain)
    return family !== 0 && this.#proxies.check(plain, family === 6 ? 'ipv6' : 'ipv4')
  }
}

export function isSecured(socket: Duplex): socket is TLSSocket {
  return socket instanceof TLSSocket
}

/** Some proxies write the port too. */
function addressIn(hop: string): string | undefined {
  if (isIP(hop) !== 0) return hop
  const [, address = ''] = /^\[([^\]]+)\](?::\d+)?$/.exec(hop) ?? /^([\d.]+):\d+$/.exec(hop) ?? []
  return isIP(address) === 0 ? undefined : address
}

function lastOf(list: string): string {
  return list.split(',').at(-1)?.trim() ?? ''
}

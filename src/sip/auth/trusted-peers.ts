/** Peers whose word about who asks is taken: proxies and gateways of our own network (RFC 3325 §2.3). */
import { BlockList, isIP } from 'node:net'
import { normalizeHost } from '../transport/addresses.ts'
import { provesDomain } from '../transport/certificate-names.ts'

const CIDR = /^(.+)\/(\d{1,3})$/

export class TrustedPeers {
  readonly #addresses = new BlockList()
  readonly #names: string[] = []

  /**
   * Each entry is an address, a network (`192.0.2.0/24`), or a name that a mutual TLS certificate must prove.
   * Throws `RangeError` for an entry that is none of these.
   */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry.trim())
  }

  trusts(host: string, provenNames: readonly string[]): boolean {
    const family = isIP(host) === 6 ? 'ipv6' : 'ipv4'
    if (isIP(host) !== 0 && this.#addresses.check(host, family)) return true
    return this.#names.some((name) => provesDomain(provenNames, name))
  }

  #add(entry: string): void {
    const [, network = entry, bits] = CIDR.exec(entry) ?? []
    const host = normalizeHost(network)
    const family = isIP(host)
    if (family === 0) {
      this.#addName(entry)
    } else if (bits === undefined) {
      this.#addresses.addAddress(host, family === 6 ? 'ipv6' : 'ipv4')
    } else {
      this.#addresses.addSubnet(host, Number(bits), family === 6 ? 'ipv6' : 'ipv4')
    }
  }

  #addName(entry: string): void {
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(entry)) {
      throw new RangeError(`neither an address, a network nor a name: ${entry}`)
    }
    this.#names.push(entry.toLowerCase())
  }
}

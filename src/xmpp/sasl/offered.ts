/** What one profile of SASL offers on a stream, and its hash, by which a client sees that nobody changed it (XEP-0474). */
import { hash } from 'node:crypto'
import type { ChannelBindingType } from '../../net/link.ts'
import type { Digest } from './hmac.ts'
import type { SaslMechanism } from './mechanism.ts'

/** §4.1: not in XML, so that nobody can offer a mechanism whose name has them in it. */
const BETWEEN = '\x1e'
const BEFORE_BINDINGS = '\x1f'

export class Offered {
  readonly mechanisms: readonly SaslMechanism[]
  readonly #text: string
  readonly #hashes = new Map<Digest, string>()

  constructor(
    mechanisms: readonly SaslMechanism[],
    channelBindings: readonly ChannelBindingType[],
  ) {
    this.mechanisms = mechanisms
    const names = sorted(mechanisms.map(({ name }) => name))
    const bindings = channelBindings.length > 0 ? BEFORE_BINDINGS + sorted(channelBindings) : ''
    this.#text = names + bindings
  }

  hash(digest: Digest): string {
    const known = this.#hashes.get(digest)
    if (known !== undefined) return known
    const made = hash(digest, this.#text, 'base64')
    this.#hashes.set(digest, made)
    return made
  }
}

/** In the order of their octets (RFC 4790 §9.3): all of them are ASCII. */
function sorted(names: readonly string[]): string {
  return names.toSorted((one, other) => (one < other ? -1 : 1)).join(BETWEEN)
}

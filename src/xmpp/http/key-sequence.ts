/**
 * Keys of requests on sessions that others may listen to: each is the hash of the one that comes next, so that only who
 * began knows it (XEP-0124 §15, XEP-0025 §3).
 */
import { createHash } from 'node:crypto'

type Encoding = 'hex' | 'base64'

export class KeySequence {
  readonly #encoding: Encoding
  /** The hash of the key that comes next; `undefined` where there are no keys. */
  #expected: string | undefined

  /** XEP-0124 writes hashes in hexadecimal, of whatever case; XEP-0025 in Base64. */
  constructor(encoding: Encoding, first: string | undefined) {
    this.#encoding = encoding
    this.#expected = first
  }

  /** Whether this is the next key; `next` begins another sequence. */
  accepts(key: string | undefined, next: string | undefined): boolean {
    if (this.#expected !== undefined) {
      if (key === undefined || this.#hash(key) !== this.#plain(this.#expected)) return false
      this.#expected = next ?? key
    } else if (next !== undefined) this.#expected = next
    return true
  }

  #hash(key: string): string {
    return createHash('sha1').update(key).digest(this.#encoding)
  }

  #plain(text: string): string {
    return this.#encoding === 'hex' ? text.toLowerCase() : text
  }
}

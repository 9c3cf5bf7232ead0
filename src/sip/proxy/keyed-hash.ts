/** Short keyed hashes: what only this server can have written. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** Each purpose has a key of its own, made from the one that is kept. */
export class KeyedHash {
  readonly #key: Buffer

  constructor(secret: Buffer, purpose: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', `heliograph sip ${purpose}`, 32))
  }

  /** Base64url. Parts that have no line breaks are never taken for others. */
  of(parts: readonly (string | number | undefined)[], bytes: number): string {
    const text = parts.map((part) => part ?? '').join('\n')
    return createHmac('sha256', this.#key).update(text).digest().toString('base64url', 0, bytes)
  }

  matches(given: string, parts: readonly (string | number | undefined)[], bytes: number): boolean {
    const expected = Buffer.from(this.of(parts, bytes))
    const actual = Buffer.from(given)
    return expected.length === actual.length && timingSafeEqual(expected, actual)
  }
}

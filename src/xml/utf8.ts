import { isUtf8 } from 'node:buffer'
import { XmlSyntaxError } from './syntax.ts'

/**
 * What a piece of text may have in it that single characters must be looked at for: control
 * characters and line ends, `&`, `]`, and the two noncharacters that XML forbids.
 */
export const MAY_HAVE = { controls: 1, references: 2, brackets: 4, noncharacters: 8 } as const
export const MAY_HAVE_ANYTHING = 15
const NOT_ASCII = 16

/** By byte; U+FFFE and U+FFFF begin with EF. */
const KIND = new Uint8Array(256)
KIND.fill(MAY_HAVE.controls, 0, 0x20)
KIND.fill(NOT_ASCII, 0x80)
KIND[0xef] = MAY_HAVE.noncharacters | NOT_ASCII
KIND['&'.charCodeAt(0)] = MAY_HAVE.references
KIND[']'.charCodeAt(0)] = MAY_HAVE.brackets

/** Bytes in pieces to text in pieces; a character that is cut in two waits for its other half. */
export class Utf8Decoder {
  #tail: Buffer | undefined
  #atStart = true
  #kinds = 0

  /** Throws `XmlSyntaxError` `not-well-formed` on anything that is not UTF-8 (RFC 6120 §11.6). */
  decode(chunk: Uint8Array): string {
    const view = asBuffer(chunk)
    const bytes = this.#tail ? Buffer.concat([this.#tail, view]) : view
    this.#tail = undefined
    let kinds = 0
    for (let at = 0; at < bytes.length; at++) kinds |= KIND[bytes[at] ?? 0] ?? 0
    this.#kinds = kinds & MAY_HAVE_ANYTHING
    if ((kinds & NOT_ASCII) === 0) {
      if (bytes.length > 0) this.#atStart = false
      return bytes.toString('latin1')
    }
    const end = endOfWholeCharacters(bytes)
    if (end < bytes.length) this.#tail = Buffer.from(bytes.subarray(end))
    const whole = bytes.subarray(0, end)
    if (!isUtf8(whole)) throw new XmlSyntaxError('not-well-formed', 'the bytes are not UTF-8')
    const text = whole.toString()
    if (text === '' || !this.#atStart) return text
    this.#atStart = false
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  }

  /** Of the text decoded last: bits of `MAY_HAVE`. */
  get kinds(): number {
    return this.#kinds
  }

  /** A byte order mark may follow: what follows is a document of its own. */
  restart(): void {
    this.#atStart = true
  }

  get isBetweenCharacters(): boolean {
    return this.#tail === undefined
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Where a last character that is not all there begins, or the length. */
function endOfWholeCharacters(bytes: Buffer): number {
  const { length } = bytes
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back] ?? 0
    if (byte < 0x80) return length
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return needed > back ? length - back : length
    }
  }
  return length
}

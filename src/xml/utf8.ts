import { isAscii, isUtf8 } from 'node:buffer'
import { XmlSyntaxError } from './syntax.ts'

/** Bytes in pieces to text in pieces; a character that is cut in two waits for its other half. */
export class Utf8Decoder {
  #tail: Buffer | undefined
  #atStart = true

  /** Throws `XmlSyntaxError` `not-well-formed` on anything that is not UTF-8 (RFC 6120 §11.6). */
  decode(chunk: Uint8Array): string {
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const bytes = this.#tail ? Buffer.concat([this.#tail, view]) : view
    this.#tail = undefined
    if (isAscii(bytes)) {
      if (bytes.length > 0) this.#atStart = false
      return bytes.toString('latin1')
    }
    const end = endOfWholeCharacters(bytes)
    if (end < bytes.length) this.#tail = Buffer.from(bytes.subarray(end))
    const whole = bytes.subarray(0, end)
    if (!isUtf8(whole)) throw new XmlSyntaxError('not-well-formed', 'the bytes are not UTF-8')
    const text = whole.toString('utf8')
    if (text === '' || !this.#atStart) return text
    this.#atStart = false
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  }

  get isBetweenCharacters(): boolean {
    return this.#tail === undefined
  }
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

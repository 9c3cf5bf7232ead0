/** Where what is written goes: encoded, as a socket does, since text may be left in pieces until then. */
export class Wire {
  readonly #target = Buffer.alloc(65_536)
  /** Of all that was sent. */
  bytes = 0

  /** Answers how many bytes it took. */
  send(chunk: Uint8Array | string): number {
    const length = typeof chunk === 'string' ? this.#target.write(chunk) : chunk.length
    this.bytes += length
    return length
  }
}

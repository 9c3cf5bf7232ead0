/** Messages on a stream, framed by Content-Length (RFC 3261 §18.3), with keep-alives between them (RFC 5626 §3.5.1). */
import { bad, finish, type Head, parseHead } from './head.ts'
import { type SipLimits, STREAM_LIMITS } from './limits.ts'
import type { ParseResult } from './parse-result.ts'

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const CR = 0x0d
const LF = 0x0a
const NONE = Buffer.alloc(0)

export class SipStreamParser {
  readonly #limits: SipLimits
  /** What is not consumed lies from `#start` to `#end`; bodies given out are views of the bytes before. */
  #store: Buffer = NONE
  #start = 0
  #end = 0
  /** Up to here there is no end of the head: bytes that trickle in are not searched again. */
  #searched = 0
  #head: { readonly parsed: Head; readonly length: number } | undefined
  #pongsExpected = 0
  #dead = false

  constructor(limits: Partial<SipLimits> = {}) {
    this.#limits = { ...STREAM_LIMITS, ...limits }
  }

  /** Call it after sending a ping: only then a single CRLF is a pong, and not the first half of a ping. */
  expectPong(): void {
    this.#pongsExpected += 1
  }

  /** Bytes of the message that is not complete yet. */
  get buffered(): number {
    return this.#end - this.#start
  }

  /** Never throws. After `fatal`, everything is ignored. */
  push(chunk: Buffer): ParseResult[] {
    const results: ParseResult[] = []
    if (this.#dead) return results
    this.#append(chunk)
    while (this.#next(results));
    if (this.#dead) this.#release()
    return results
  }

  #append(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#store = chunk
      this.#start = 0
      this.#end = chunk.length
      this.#searched = 0
      return
    }
    const needed = this.buffered + chunk.length
    if (this.#end + chunk.length > this.#store.length || this.#start > 0) {
      // Twice what is needed, so that bytes which come one by one are not copied each time.
      const store = Buffer.allocUnsafe(needed * 2)
      this.#store.copy(store, 0, this.#start, this.#end)
      this.#searched -= this.#start
      this.#end -= this.#start
      this.#start = 0
      this.#store = store
    }
    chunk.copy(this.#store, this.#end)
    this.#end += chunk.length
  }

  /** One step; false where more bytes are needed, or no more are wanted. */
  #next(results: ParseResult[]): boolean {
    if (this.#dead || this.#start === this.#end) return false
    if (this.#head) return this.#readBody(this.#head, results)
    const first = this.#store[this.#start]
    return first === CR || first === LF ? this.#readKeepAlive(results) : this.#readHead(results)
  }

  #readKeepAlive(results: ParseResult[]): boolean {
    if (!this.#isLineBreak(this.#start)) {
      return this.#start + 1 === this.#end && this.#store[this.#start] === CR
        ? false
        : this.#die(results, 'Line break without CRLF')
    }
    if (this.#pongsExpected > 0) {
      this.#pongsExpected -= 1
      results.push({ kind: 'pong' })
      return this.#consume(2)
    }
    if (this.#isLineBreak(this.#start + 2)) {
      results.push({ kind: 'ping' })
      return this.#consume(4)
    }
    const next = this.#start + 2
    if (next === this.#end || (next + 1 === this.#end && this.#store[next] === CR)) return false
    return this.#consume(2) // §7.5: an empty line before a message
  }

  #isLineBreak(at: number): boolean {
    return at + 1 < this.#end && this.#store[at] === CR && this.#store[at + 1] === LF
  }

  #readHead(results: ParseResult[]): boolean {
    const { maxHeadBytes, maxMessageBytes } = this.#limits
    const waiting = this.#store.subarray(0, this.#end)
    const end = waiting.indexOf(END_OF_HEAD, Math.max(this.#searched, this.#start))
    const length = (end < 0 ? this.#end : end) - this.#start
    if (length > Math.min(maxHeadBytes, maxMessageBytes)) {
      return this.#die(results, 'Headers too large')
    }
    if (end < 0) {
      this.#searched = Math.max(this.#start, this.#end - 3)
      return false
    }
    const head = parseHead(waiting.subarray(this.#start, end), this.#limits)
    this.#consume(length + 4)
    return this.#frame(head, results)
  }

  /** Decides how many bytes follow. Where that cannot be known, the stream is over. */
  #frame(head: Head, results: ParseResult[]): boolean {
    const { contentLength, start } = head
    if (start.kind === 'unknown') return this.#die(results, 'Not a SIP message')
    if (contentLength === undefined || contentLength === 'bad') {
      results.push(finish(head, NONE, bad('Missing or malformed Content-Length')))
      return this.#die(results, 'No usable Content-Length')
    }
    if (contentLength > this.#limits.maxMessageBytes) {
      const problem = { status: 413, reason: 'Request Entity Too Large' }
      results.push(finish(head, NONE, problem))
      return this.#die(results, 'Body too large')
    }
    this.#head = { parsed: head, length: contentLength }
    return this.#readBody(this.#head, results)
  }

  #readBody({ parsed, length }: { parsed: Head; length: number }, results: ParseResult[]): boolean {
    if (this.buffered < length) return false
    const body = this.#store.subarray(this.#start, this.#start + length)
    this.#head = undefined
    results.push(finish(parsed, body))
    return this.#consume(length)
  }

  #consume(bytes: number): true {
    this.#start += bytes
    this.#searched = this.#start
    return true
  }

  #die(results: ParseResult[], reason: string): false {
    results.push({ kind: 'fatal', reason })
    this.#dead = true
    return false
  }

  #release(): void {
    this.#store = NONE
    this.#start = 0
    this.#end = 0
    this.#head = undefined
  }
}

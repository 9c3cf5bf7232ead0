/** From bytes to messages: datagrams here, streams in `stream-parser.ts` (RFC 3261 §18.3). */
import { bad, finish, parseHead } from './head.ts'
import { DATAGRAM_LIMITS, type SipLimits } from './limits.ts'
import type { ParseResult } from './parse-result.ts'

export { DATAGRAM_LIMITS, type SipLimits, STREAM_LIMITS } from './limits.ts'
export type { ParseResult, Refused } from './parse-result.ts'
export { SipStreamParser } from './stream-parser.ts'

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const CR = 0x0d
const LF = 0x0a

/** One UDP datagram. Never throws; the body is a view of `bytes`. */
export function parseSipDatagram(bytes: Buffer, limits: SipLimits = DATAGRAM_LIMITS): ParseResult {
  const start = skipLineBreaks(bytes)
  if (start === bytes.length) return start >= 4 ? { kind: 'ping' } : { kind: 'pong' }
  if (bytes.length > limits.maxMessageBytes) {
    return { kind: 'refused', status: 513, reason: 'Message Too Large', request: undefined }
  }
  const end = bytes.indexOf(END_OF_HEAD, start)
  const head = parseHead(bytes.subarray(start, end < 0 ? bytes.length : end), limits)
  if (end < 0) return finish(head, bytes, bad('No empty line after the headers'))

  const rest = bytes.subarray(end + 4)
  const { contentLength = rest.length } = head
  if (contentLength === 'bad') return finish(head, rest, bad('Malformed Content-Length'))
  // §18.3: a datagram that ends early is an error, what follows the body is ignored.
  if (contentLength > rest.length) return finish(head, rest, bad('Body is shorter than its length'))
  return finish(head, rest.subarray(0, contentLength))
}

/** §7.5: empty lines before a message are ignored. */
function skipLineBreaks(bytes: Buffer): number {
  let at = 0
  while (bytes[at] === CR || bytes[at] === LF) at += 1
  return at
}

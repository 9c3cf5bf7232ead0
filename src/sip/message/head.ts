/** Start line and headers (RFC 3261 §7.1–7.3), in one pass. Framing is the caller's: datagram or stream. */
import { isUtf8 } from 'node:buffer'
import { isSpace, isToken, sliceTrimmed, trimSpace } from './grammar.ts'
import { headerName, knownHeader } from './header-names.ts'
import type { SipLimits } from './limits.ts'
import { SipHeaders, SipRequest, SipResponse } from './message.ts'
import type { ParseResult } from './parse-result.ts'
import { parseStartLine, type StartLine } from './start-line.ts'

const CR = 0x0d
const BARE_CR = /\r(?!\n)/

export interface Head {
  readonly start: StartLine
  readonly headers: SipHeaders
  /** `undefined` where there is none; 'bad' where it is malformed or comes twice. */
  readonly contentLength: number | 'bad' | undefined
  /** The first thing that is wrong with the head as such. */
  readonly problem: Problem | undefined
}

export interface Problem {
  readonly status: number
  readonly reason: string
}

/** `bytes` end before the empty line; what is wrong is in the result, and what could be read is too. */
export function parseHead(bytes: Buffer, limits: SipLimits): Head {
  const text = bytes.toString('utf8')
  const end = endOfLine(text, 0)
  const line = text.slice(0, end)
  const start = parseStartLine(line)
  const headers = new SipHeaders()
  let problem = start.problem ?? lineProblem(text, 0, { end, limits })
  // A replacement character stands for bytes that are not UTF-8, unless they sent it themselves.
  if (line.includes('\ufffd') && !isUtf8(bytes.subarray(0, bytes.indexOf('\r\n')))) {
    problem ??= bad('Start line is not UTF-8')
  }
  const inHeaders = parseHeaders(text, end + 2, { headers, limits })
  // One side must not see two lines where the other sees one.
  problem ??= inHeaders ?? (BARE_CR.test(text) ? bad('Line break without CRLF') : undefined)
  return { start, headers, contentLength: contentLengthOf(headers), problem }
}

/** Reads on after a bad line, so that the sender can be answered. */
function parseHeaders(
  text: string,
  from: number,
  { headers, limits }: { headers: SipHeaders; limits: SipLimits },
): Problem | undefined {
  let problem: Problem | undefined
  let count = 0
  for (let at = from; at < text.length; ) {
    if (++count > limits.maxHeaders) return problem ?? tooLarge('Too many header fields')
    let end = endOfLine(text, at)
    const colon = text.indexOf(':', at)
    const name = colon < 0 || colon > end ? '' : text.slice(at, colon)
    let value = sliceTrimmed(text, at + name.length + 1, end)
    problem ??= lineProblem(text, at, { end, limits })
    at = end + 2
    // §7.3.1: a line that begins with white space goes on with the one before.
    while (at < text.length && isSpace(text.charCodeAt(at))) {
      end = endOfLine(text, at)
      problem ??= lineProblem(text, at, { end, limits })
      value = trimSpace(`${value} ${sliceTrimmed(text, at, end)}`)
      at = end + 2
    }
    if (!pushHeader(headers, name, value)) problem ??= bad('Malformed header field')
  }
  return problem
}

function pushHeader(headers: SipHeaders, name: string, value: string): boolean {
  let header = knownHeader(name)
  if (!header) {
    const trimmed = trimSpace(name)
    // White space is allowed before the colon, and not before the name.
    if (!isToken(trimmed) || !name.startsWith(trimmed)) return false
    header = headerName(trimmed)
  }
  SipHeaders.push(headers, header, value)
  return true
}

/** Where the line's CRLF begins; where a bare LF would, one character before it. */
function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from)
  return newline < 0 ? text.length : newline - 1
}

function lineProblem(
  text: string,
  from: number,
  { end, limits }: { end: number; limits: SipLimits },
): Problem | undefined {
  if (end - from > limits.maxLineLength) return tooLarge('Header line too long')
  const bare = end < text.length && (end < from || text.charCodeAt(end) !== CR)
  return bare ? bad('Line break without CRLF') : undefined
}

function contentLengthOf(headers: SipHeaders): Head['contentLength'] {
  const value = headers.get('Content-Length')
  if (value === undefined) return undefined
  if (!/^\d+$/.test(value) || headers.count('Content-Length') > 1) return 'bad'
  return Number(value)
}

export function bad(reason: string): Problem {
  return { status: 400, reason }
}

function tooLarge(reason: string): Problem {
  return { status: 513, reason }
}

/** The message, or the refusal for what is wrong with the head or its framing. */
export function finish(head: Head, body: Buffer, framing?: Problem): ParseResult {
  const { start, headers } = head
  const problem = head.problem ?? framing
  if (problem || start.kind === 'unknown') {
    const { status, reason } = problem ?? bad('Not a SIP message')
    return { kind: 'refused', status, reason, request: answerable(head) }
  }
  const message =
    start.kind === 'request'
      ? new SipRequest({ method: start.method, uri: start.uri, headers, body })
      : new SipResponse({ status: start.status, reason: start.reason, headers, body })
  return { kind: 'message', message }
}

/** Responses and ACKs are never answered (§17.2.1), and nothing is where it does not say who sent it. */
function answerable({ start, headers }: Head): SipRequest | undefined {
  if (start.kind !== 'request' || start.method === 'ACK' || !headers.has('Via')) return undefined
  return new SipRequest({ method: start.method, uri: start.uri, headers })
}

/** Bodies that have headers of their own, and bodies of several parts (RFC 2046 §5.1), as SIP carries them. */
import { randomId } from '../../util/random-id.ts'
import { type MediaType, parseMediaType } from './media-type.ts'

/** A body with what is said of it. Header names are in lower case. */
export interface MimePart {
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

const CRLF = '\r\n'
const MAX_HEADER_BYTES = 8_192
/** RFC 2046 §5.1.1. */
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/

/** Headers, an empty line, the body; without any headers the empty line stands first. `undefined` for what is none. */
export function parsePart(bytes: Buffer): MimePart | undefined {
  const split = splitHead(bytes)
  if (!split) return undefined
  const headers = new Map<string, string>()
  for (const line of unfold(split.head)) {
    const [, name, value = ''] = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line) ?? []
    if (name === undefined) return undefined
    // The first of two that contradict each other is what others see, too.
    if (!headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value.trim())
  }
  return { headers, body: split.body }
}

/** What stands before the first empty line, as text, and what stands behind it. */
export function splitHead(bytes: Buffer): { head: string; body: Buffer } | undefined {
  if (bytes.subarray(0, 2).toString('latin1') === CRLF) return { head: '', body: bytes.subarray(2) }
  const end = bytes.subarray(0, MAX_HEADER_BYTES).indexOf(CRLF + CRLF)
  if (end < 0) return undefined
  return { head: bytes.toString('utf8', 0, end), body: bytes.subarray(end + 4) }
}

function unfold(head: string): string[] {
  return head === '' ? [] : head.replace(/\r\n[ \t]+/g, ' ').split(CRLF)
}

export function partType({ headers }: MimePart): MediaType | undefined {
  return parseMediaType(headers.get('content-type') ?? 'text/plain')
}

/** The value without its parameters, in lower case. */
export function dispositionOf({ headers }: MimePart): string | undefined {
  return headers.get('content-disposition')?.split(';', 1)[0]?.trim().toLowerCase()
}

/** The parts of a multipart body, at most `max`; `undefined` where it has none, more, or never ends. */
export function parseMultipart(
  body: Buffer,
  boundary: string,
  max: number,
): MimePart[] | undefined {
  if (!BOUNDARY.test(boundary)) return undefined
  const parts: MimePart[] = []
  const delimiter = Buffer.from(`${CRLF}--${boundary}`)
  // The first delimiter needs no line before it.
  const text = Buffer.concat([Buffer.from(CRLF), body])
  let at = text.indexOf(delimiter)
  while (at >= 0) {
    const line = endOfDelimiter(text, at + delimiter.length)
    if (line === undefined) return undefined
    if (line.isLast) return parts.length > 0 ? parts : undefined
    const next = text.indexOf(delimiter, line.end - CRLF.length)
    const part = next < 0 ? undefined : parsePart(text.subarray(line.end, next))
    if (!part || parts.length === max) return undefined
    parts.push(part)
    at = next
  }
  return undefined
}

/** White space may stand behind a delimiter. */
function endOfDelimiter(text: Buffer, at: number): { end: number; isLast: boolean } | undefined {
  if (text.subarray(at, at + 2).toString('latin1') === '--') return { end: at + 2, isLast: true }
  let end = at
  while (text[end] === 0x20 || text[end] === 0x09) end += 1
  if (text.subarray(end, end + 2).toString('latin1') !== CRLF) return undefined
  return { end: end + 2, isLast: false }
}

/** Header fields as they are to be written, and the body. */
export interface NewPart {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer | string
}

export function renderPart({ headers, body }: NewPart): Buffer {
  const head = headers.map(([name, value]) => `${name}: ${value}${CRLF}`).join('')
  return Buffer.concat([Buffer.from(head + CRLF), Buffer.from(body)])
}

/** Answers the boundary, too, which is to stand in the Content-Type. */
export function renderMultipart(parts: readonly NewPart[]): { boundary: string; body: Buffer } {
  // Of 120 random bits: what is written between has none of it.
  const boundary = randomId(15, 'hex')
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}${CRLF}`),
    renderPart(part),
    Buffer.from(CRLF),
  ])
  return { boundary, body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--${CRLF}`)]) }
}

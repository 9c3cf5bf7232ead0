/** Bodies that have header fields of their own (RFC 2045 §3), such as the content of a message within a message. */
import { type MediaType, parseMediaType } from './media-type.ts'

/** A body with what is said of it. Header names are in lower case. */
export interface MimePart {
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

const CRLF = '\r\n'
const MAX_HEADER_BYTES = 8_192

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

/** Header fields as they are to be written, and the body. */
export interface NewPart {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer | string
}

export function renderPart({ headers, body }: NewPart): Buffer {
  const head = headers.map(([name, value]) => `${name}: ${value}${CRLF}`).join('')
  return Buffer.concat([Buffer.from(head + CRLF), Buffer.from(body)])
}

/**
 * Bodies of several parts (RFC 2046 §5.1), and those whose parts belong to a first one (RFC 2387).
 * What we write is strict; what we read may end its lines as it likes, since peers do (RFC 4662 §4.6).
 */
import { randomId } from '../../util/random-id.ts'
import { trimSpace } from './grammar.ts'
import { type MediaType, parseMediaType } from './media-type.ts'

export interface Part {
  /** Without angle brackets. */
  readonly contentId?: string | undefined
  /** As in the header: with its parameters. */
  readonly contentType: string
  /** As in the header. */
  readonly contentDisposition?: string | undefined
  readonly body: Buffer
}

export interface Multipart {
  readonly contentType: string
  readonly body: Buffer
}

export interface MultipartLimits {
  readonly maxParts: number
  /** Of the headers of one part, in bytes. */
  readonly maxHeadBytes: number
}

export const MULTIPART_LIMITS: MultipartLimits = { maxParts: 10_001, maxHeadBytes: 8_192 }

export const MULTIPART_RELATED = 'multipart/related'
export const MULTIPART_MIXED = 'multipart/mixed'

const CRLF = '\r\n'

/** RFC 2387 §3: the first part is the root, and `start` and `type` say so. */
export function renderRelated(parts: readonly [Part, ...Part[]]): Multipart {
  const [root] = parts
  const type = parseMediaType(root.contentType)?.type ?? root.contentType
  const start = root.contentId === undefined ? '' : `;start="<${root.contentId}>"`
  return render(parts, `${MULTIPART_RELATED};type="${type}"${start}`)
}

/** RFC 2046 §5.1.3: each part stands for itself. */
export function renderMixed(parts: readonly Part[]): Multipart {
  return render(parts, MULTIPART_MIXED)
}

function render(parts: readonly Part[], contentType: string): Multipart {
  // RFC 2046 §5.1.1: a boundary must not occur in a part; nobody guesses this one.
  // @COMPAT(belle-sip): looks for quotes, too, where a boundary has them; a token needs none.
  const boundary = randomId(12, 'hex')
  const pieces = parts.flatMap((part, at) => [
    // The line break before a delimiter belongs to it (RFC 2046 §5.1.1); the first one needs none.
    Buffer.from(at === 0 ? headOf(part, boundary) : CRLF + headOf(part, boundary)),
    part.body,
  ])
  return {
    contentType: `${contentType};boundary=${boundary}`,
    body: Buffer.concat([...pieces, Buffer.from(`${CRLF}--${boundary}--${CRLF}`)]),
  }
}

function headOf(part: Part, boundary: string): string {
  const { contentId, contentType, contentDisposition } = part
  const fields = [
    'Content-Transfer-Encoding: binary',
    ...(contentId === undefined ? [] : [`Content-ID: <${contentId}>`]),
    `Content-Type: ${contentType}`,
    ...(contentDisposition === undefined ? [] : [`Content-Disposition: ${contentDisposition}`]),
  ]
  return `--${boundary}${CRLF}${fields.join(CRLF)}${CRLF}${CRLF}`
}

/**
 * The parts of a body whose Content-Type has a boundary; those with a transfer encoding that is
 * none, binary, 7bit, 8bit or base64, which is undone. `undefined` for a body that is none of ours to read: no boundary,
 * no end, more parts than the limit, another encoding.
 */
export function parseMultipart(
  { params }: MediaType,
  body: Buffer,
  limits = MULTIPART_LIMITS,
): Part[] | undefined {
  const boundary = params.get('boundary')
  if (!boundary || boundary.length > 70) return undefined
  const slices = slicesOf(body, boundary, limits.maxParts)
  if (!slices) return undefined
  const parts: Part[] = []
  for (const slice of slices) {
    const part = parsePart(slice, limits.maxHeadBytes)
    if (!part) return undefined
    parts.push(part)
  }
  return parts
}

/** The root of a `multipart/related` first (RFC 2387 §3.2): the part that `start` names, else the first. */
export function rootFirst({ params }: MediaType, parts: readonly Part[]): Part[] {
  const start = params.get('start')?.replace(/^<|>$/g, '')
  const root = parts.find(({ contentId }) => contentId !== undefined && contentId === start)
  return root ? [root, ...parts.filter((part) => part !== root)] : [...parts]
}

const LF = 0x0a
const CR = 0x0d
const DASH = 0x2d

/** What stands between the delimiter lines; what is before the first and after the last says nothing. */
function slicesOf(body: Buffer, boundary: string, maxParts: number): Buffer[] | undefined {
  const delimiter = Buffer.from(`--${boundary}`)
  const slices: Buffer[] = []
  let open: number | undefined
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + 1)) {
    const line = delimiterAt(body, at, delimiter.length)
    if (!line) continue
    if (open !== undefined) slices.push(body.subarray(open, Math.max(open, beforeBreak(body, at))))
    if (line.isLast) return slices
    if (slices.length >= maxParts) return undefined
    open = line.end
  }
  return undefined
}

/** A delimiter is a line of its own, white space after it allowed. */
function delimiterAt(
  body: Buffer,
  at: number,
  length: number,
): { end: number; isLast: boolean } | undefined {
  if (at > 0 && body[at - 1] !== LF) return undefined
  let end = at + length
  const isLast = body[end] === DASH && body[end + 1] === DASH
  if (isLast) return { end: end + 2, isLast }
  while (body[end] === 0x20 || body[end] === 0x09) end += 1
  if (body[end] === CR) end += 1
  return body[end] === LF ? { end: end + 1, isLast } : undefined
}

function beforeBreak(body: Buffer, at: number): number {
  const end = at - 1
  return body[end - 1] === CR ? end - 1 : end
}

function parsePart(slice: Buffer, maxHeadBytes: number): Part | undefined {
  const head = headEnd(slice)
  if (!head || head.end > maxHeadBytes) return undefined
  const fields = new Map<string, string>()
  const text = slice.toString('utf8', 0, head.end).replace(/\r?\n[ \t]+/g, ' ')
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0)
      fields.set(trimSpace(line.slice(0, colon)).toLowerCase(), trimSpace(line.slice(colon + 1)))
  }
  const encoding = fields.get('content-transfer-encoding')?.toLowerCase() ?? 'binary'
  const body = decodeTransfer(slice.subarray(head.bodyAt), encoding)
  if (!body) return undefined
  return {
    contentId: fields.get('content-id')?.replace(/^<|>$/g, ''),
    // RFC 2046 §5.1: what says nothing is plain text.
    contentType: fields.get('content-type') ?? 'text/plain',
    contentDisposition: fields.get('content-disposition'),
    body,
  }
}

/** RFC 2045 §6, but for quoted-printable. */
export function decodeTransfer(body: Buffer, encoding: string): Buffer | undefined {
  if (encoding === 'base64') return Buffer.from(body.toString('latin1'), 'base64')
  return ['binary', '8bit', '7bit'].includes(encoding) ? body : undefined
}

/** Where the headers end and the body begins: at an empty line, which may be the first. */
function headEnd(slice: Buffer): { end: number; bodyAt: number } | undefined {
  if (slice[0] === LF) return { end: 0, bodyAt: 1 }
  if (slice[0] === CR && slice[1] === LF) return { end: 0, bodyAt: 2 }
  for (let at = slice.indexOf(LF); at >= 0; at = slice.indexOf(LF, at + 1)) {
    const end = slice[at - 1] === CR ? at - 1 : at
    if (slice[at + 1] === LF) return { end, bodyAt: at + 2 }
    if (slice[at + 1] === CR && slice[at + 2] === LF) return { end, bodyAt: at + 3 }
  }
  return undefined
}

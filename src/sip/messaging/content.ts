/** What the body of a MESSAGE says (RFC 3428 §7): text, in whatever wrapping, or a notice about a message. */
import { IMDN, parseImdn, type ReadImdn } from '../../formats/imdn.ts'
import { IS_COMPOSING, type IsComposing, parseIsComposing } from '../../formats/is-composing.ts'
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { dispositionOf, type MimePart, partType } from '../message/mime.ts'
import {
  decodeTransfer as decodeBody,
  MULTIPART_MIXED,
  parseMultipart,
} from '../message/multipart.ts'
import { CPIM, type CpimMessage, parseCpim } from './cpim.ts'
import { plainTextOf } from './html.ts'

export type Content =
  | { readonly kind: 'text'; readonly text: string; readonly cpim?: CpimMessage }
  | { readonly kind: 'composing'; readonly status: IsComposing; readonly cpim?: CpimMessage }
  | {
      readonly kind: 'reports'
      readonly reports: readonly ReadImdn[]
      /** Not where it stands for itself, as RFC 5438 §12.1.1 does not have it. */
      readonly cpim?: CpimMessage
    }

export interface MessageBody {
  readonly content: Content
  /** The list of those who are to have it (RFC 5365 §4). */
  readonly recipients?: Buffer
}

const TEXT = 'text/plain'
const HTML = 'text/html'
const ALTERNATIVE = 'multipart/alternative'
/** What a MESSAGE may carry, for Accept; what is understood of the last is who gets it. */
export const MESSAGE_TYPES: readonly string[] = [
  TEXT,
  HTML,
  CPIM,
  IS_COMPOSING,
  IMDN,
  MULTIPART_MIXED,
  ALTERNATIVE,
  'application/resource-lists+xml',
]

/** Of one multipart body. */
const LIMITS = { maxParts: 16, maxHeadBytes: 8_192 }
/** Wrappings around a text: a list, CPIM, alternatives, and one to spare. */
const MAX_DEPTH = 4

/** Throws `SipError` 415 where the type of the body is none that a MESSAGE may have. */
export function requireMessageType(request: SipRequest): void {
  const type = partType(bodyOf(request))?.type
  if (type === undefined || !MESSAGE_TYPES.includes(type)) throw unsupported()
}

/** `body` is unpacked. Throws `SipError` 415 for what cannot be shown to a person, 400 for what cannot be read. */
export function readBody({ headers }: SipRequest, body: Buffer): MessageBody {
  const part = bodyOf({ headers, body })
  if (partType(part)?.type !== MULTIPART_MIXED) return { content: readPart(part, 0) }
  const parts = partsOf(part)
  const lists = parts.filter((one) => dispositionOf(one) === 'recipient-list')
  if (lists.length > 1) throw new SipError(400, 'More than One Recipient List')
  const content = readMixed(parts, 0)
  return lists[0] ? { content, recipients: decodeTransfer(lists[0]) } : { content }
}

function bodyOf({ headers, body }: Pick<SipRequest, 'headers' | 'body'>): MimePart {
  const type = headers.get('Content-Type') ?? (body.length > 0 ? TEXT : '')
  const fields = fieldsOf([
    ['content-type', type],
    ['content-disposition', headers.get('Content-Disposition')],
  ])
  return { headers: fields, body }
}

function fieldsOf(fields: readonly (readonly [string, string | undefined])[]) {
  return new Map(fields.flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

function readPart(part: MimePart, depth: number): Content {
  if (depth > MAX_DEPTH) throw new SipError(400, 'Too Many Bodies within Bodies')
  switch (partType(part)?.type) {
    case TEXT:
      return { kind: 'text', text: decodeText(part) }
    case HTML:
      return { kind: 'text', text: plainTextOf(decodeText(part)) }
    case CPIM:
      return readCpim(part, depth)
    case IS_COMPOSING:
      return readComposing(part)
    case IMDN:
      return { kind: 'reports', reports: [requireImdn(part)] }
    case ALTERNATIVE:
      return readAlternative(partsOf(part), depth)
    case MULTIPART_MIXED:
      return readMixed(partsOf(part), depth)
    default:
      throw unsupported()
  }
}

function readComposing(part: MimePart): Content {
  const status = parseIsComposing(decodeTransfer(part))
  if (!status) throw new SipError(400, 'Bad isComposing Document')
  return { kind: 'composing', status }
}

function requireImdn(part: MimePart): ReadImdn {
  const imdn = parseImdn(decodeTransfer(part))
  if (!imdn) throw new SipError(400, 'Bad IMDN Document')
  return imdn
}

function readCpim(part: MimePart, depth: number): Content {
  const cpim = parseCpim(decodeTransfer(part))
  if (cpim === 'malformed') throw new SipError(400, 'Bad CPIM Message')
  // RFC 3862 §4.7: what has to be understood and is not makes the whole message one that is not.
  if (cpim === 'not-understood') throw new SipError(488, 'CPIM Header Field Is Not Understood')
  return { ...readPart(cpim.content, depth + 1), cpim }
}

/** RFC 2046 §5.1.4: the last is the best; here plain text is, and then what can be read. */
function readAlternative(parts: readonly MimePart[], depth: number): Content {
  const plain = parts.find((part) => partType(part)?.type === TEXT)
  const readable = plain ?? parts.findLast(isReadable)
  if (!readable) throw unsupported()
  return readPart(readable, depth + 1)
}

/** Several notices (RFC 5438 §8.3), or one text beside what need not be read. */
function readMixed(parts: readonly MimePart[], depth: number): Content {
  const shown = parts.filter((part) => !dispositionOf(part)?.startsWith('recipient-list'))
  if (shown.length > 0 && shown.every((part) => partType(part)?.type === IMDN)) {
    return { kind: 'reports', reports: shown.map(requireImdn) }
  }
  // RFC 3261 §20.11: a part must be handled unless it says that it need not.
  if (shown.some((part) => !isReadable(part) && !isOptional(part))) throw unsupported()
  const contents = shown.filter(isReadable).map((part) => readPart(part, depth + 1))
  const [first] = contents
  if (!first) throw unsupported()
  if (contents.length === 1 || first.kind !== 'text') return first
  const texts = contents.flatMap((one) => (one.kind === 'text' ? one.text : []))
  return { ...first, text: texts.join('\n') }
}

function isReadable(part: MimePart): boolean {
  const type = partType(part)?.type
  return type !== undefined && MESSAGE_TYPES.slice(0, -1).includes(type)
}

function isOptional({ headers }: MimePart): boolean {
  return /;\s*handling\s*=\s*optional/i.test(headers.get('content-disposition') ?? '')
}

function partsOf(part: MimePart): MimePart[] {
  const type = partType(part)
  const parts = type && parseMultipart(type, part.body, LIMITS)
  if (!parts || parts.length === 0) throw new SipError(400, 'Bad Multipart Body')
  return parts.map(({ contentType, contentDisposition, body }) => ({
    headers: fieldsOf([
      ['content-type', contentType],
      ['content-disposition', contentDisposition],
    ]),
    body,
  }))
}

/** RFC 3428 §4: UTF-8, unless it says otherwise. Controls that XML cannot carry (XML 1.0 §2.2) cannot be part of a text. */
function decodeText(part: MimePart): string {
  const charset = partType(part)?.params.get('charset') ?? 'utf-8'
  const decoder = decoderFor(charset)
  const bytes = decodeTransfer(part)
  try {
    return decoder.decode(bytes).replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
  } catch {
    throw new SipError(400, `Body Is Not ${charset.toUpperCase()}`)
  }
}

function decoderFor(charset: string) {
  try {
    return new TextDecoder(charset, { fatal: true })
  } catch {
    throw unsupported()
  }
}

/** RFC 2045 §6: parts may have been made fit for ways that ours is not. */
function decodeTransfer({ headers, body }: MimePart): Buffer {
  const encoding = headers.get('content-transfer-encoding')?.trim().toLowerCase() ?? 'binary'
  const decoded = decodeBody(body, encoding)
  if (!decoded) throw unsupported()
  return decoded
}

function unsupported(): SipError {
  return new SipError(415, undefined, [['Accept', MESSAGE_TYPES.join(', ')]])
}

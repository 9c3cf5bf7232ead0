/** `message/cpim` (RFC 3862): an instant message with what its ends say of it, and the header fields of IMDN (RFC 5438 §6). */
import { splitList, trimSpace } from '../message/grammar.ts'
import { type MimePart, type NewPart, parsePart, renderPart, splitHead } from '../message/mime.ts'

export const CPIM = 'message/cpim'
const NS_CPIM = 'urn:ietf:params:cpim-headers:'
const NS_IMDN = 'urn:ietf:params:imdn'

export interface CpimMessage {
  /** The URI in From, where there is one. */
  readonly from: string | undefined
  readonly to: readonly string[]
  /** As it was written (RFC 3339). */
  readonly dateTime: string | undefined
  readonly subject: string | undefined
  readonly messageId: string | undefined
  /** In lower case. */
  readonly dispositionNotification: readonly string[]
  readonly originalTo: string | undefined
  /** RFC 5438 §6.5, topmost first, as they were written. */
  readonly recordRoute: readonly string[]
  readonly content: MimePart
}

/** A header field after its prefix was looked up. */
interface Field {
  readonly ns: string
  readonly name: string
  readonly value: string
}

const MAX_FIELDS = 64
/** §2.2: one space; those who write none are understood, too. §3.2: parameters stand before it. */
const FIELD = /^(?:([\w!#$%&'*+^`|~-]+)\.)?([\w!#$%&'*+^`|~-]+):((?:;[^ ]*)?) ?(.*)$/
const IN_BRACKETS = /<([^<>]*)>/
/** Namespace and name. §4.1–§4.7 of RFC 3862 and §6 of RFC 5438: what Require may name. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...['From', 'To', 'cc', 'DateTime', 'Subject', 'NS', 'Require'].map(
    (name) => `${NS_CPIM} ${name}`,
  ),
  ...['Message-ID', 'Disposition-Notification', 'Original-To', 'IMDN-Record-Route'].map(
    (name) => `${NS_IMDN} ${name}`,
  ),
])

/** `not-understood` where Require (RFC 3862 §4.7) names a field that is not known here. */
export function parseCpim(body: Buffer): CpimMessage | 'malformed' | 'not-understood' {
  const split = splitHead(body)
  if (!split) return 'malformed'
  const { head, content } = separate(split)
  const parsed = parseFields(head.split('\r\n'))
  if (!parsed || !content) return 'malformed'
  const all = (name: string, ns = NS_CPIM) =>
    parsed.fields.flatMap((field) => (field.name === name && field.ns === ns ? field.value : []))
  if (!requiresOnly(all('Require'), parsed.prefixes)) return 'not-understood'
  const from = all('From')[0]
  const subject = all('Subject')[0]
  return {
    from: from === undefined ? undefined : uriIn(from),
    to: all('To').map(uriIn),
    dateTime: all('DateTime')[0],
    subject: subject === undefined ? undefined : unescapeValue(subject),
    messageId: all('Message-ID', NS_IMDN)[0],
    dispositionNotification: all('Disposition-Notification', NS_IMDN).flatMap((value) =>
      splitList(value).map((one) => (one.split(';', 1)[0] ?? '').trim().toLowerCase()),
    ),
    originalTo: all('Original-To', NS_IMDN)[0],
    recordRoute: all('IMDN-Record-Route', NS_IMDN),
    content,
  }
}

/**
 * §2.1: an empty line stands between the fields of the message and those of its content.
 * @COMPAT(examples of RFC 5438): they have none.
 */
function separate({ head, body }: { head: string; body: Buffer }) {
  const lines = head.split('\r\n')
  const own = lines.findIndex((line) => /^content-[a-z]+:/i.test(line))
  if (own < 0) return { head, content: parsePart(body) }
  const rest = Buffer.from(`${lines.slice(own).join('\r\n')}\r\n\r\n`)
  return { head: lines.slice(0, own).join('\r\n'), content: parsePart(Buffer.concat([rest, body])) }
}

type Prefixes = ReadonlyMap<string, string>

/** §2.2: no folding, and names that differ in case differ. §3.4: NS says what the prefixes after it mean. */
function parseFields(
  lines: readonly string[],
): { fields: Field[]; prefixes: Prefixes } | undefined {
  if (lines.length > MAX_FIELDS) return undefined
  const prefixes = new Map<string, string>([['', NS_CPIM]])
  const fields: Field[] = []
  for (const line of lines) {
    if (line === '') continue
    const [, prefix = '', name, , text = ''] = FIELD.exec(line) ?? []
    if (name === undefined) return undefined
    const value = trimSpace(text)
    fields.push({ ns: prefixes.get(prefix) ?? '', name, value })
    if (name !== 'NS' || prefix !== '') continue
    const [, named = '', uri = ''] = /^([^\s<]*) ?<([^<>]*)>$/.exec(value) ?? []
    prefixes.set(named, uri)
  }
  return { fields, prefixes }
}

/** §3.5. */
function requiresOnly(required: readonly string[], prefixes: Prefixes): boolean {
  const names = required.flatMap((value) => splitList(value))
  return names.every((name) => {
    const dot = name.indexOf('.')
    const ns = prefixes.get(name.slice(0, Math.max(dot, 0))) ?? ''
    return UNDERSTOOD.has(`${ns} ${name.slice(dot + 1)}`)
  })
}

/** §4.1: a formal name, and the URI in brackets. */
function uriIn(value: string): string {
  return (IN_BRACKETS.exec(value)?.[1] ?? value).trim()
}

const ESCAPED: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', r: '\r' }

/** §2.3. */
function unescapeValue(value: string): string {
  return value.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string, char: string) =>
    code === undefined ? (ESCAPED[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** §2.3.1: what may stand nowhere in a field. */
function escapeValue(value: string): string {
  const named = new Map(Object.entries(ESCAPED).map(([letter, char]) => [char, `\\${letter}`]))
  return value.replace(
    /[\\\0-\x1f\x7f]/g,
    (char) =>
      named.get(char) ??
      (char === '\\' ? '\\\\' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}

export interface NewCpim {
  readonly from: string
  readonly to: string
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly subject?: string | undefined
  readonly messageId: string
  readonly dispositionNotification?: readonly string[]
  readonly originalTo?: string | undefined
  /** RFC 5438 §7.2.1: those of IMDN-Record-Route, in their order. */
  readonly route?: readonly string[]
  readonly content: NewPart
}

export function renderCpim(message: NewCpim): Buffer {
  const { from, to, time, subject, messageId, dispositionNotification = [], originalTo } = message
  const lines = [
    `From: <${from}>`,
    `To: <${to}>`,
    `DateTime: ${new Date(time).toISOString()}`,
    ...(subject === undefined || subject === '' ? [] : [`Subject: ${escapeValue(subject)}`]),
    `NS: imdn <${NS_IMDN}>`,
    `imdn.Message-ID: ${messageId}`,
    ...(dispositionNotification.length > 0
      ? [`imdn.Disposition-Notification: ${dispositionNotification.join(', ')}`]
      : []),
    ...(originalTo === undefined ? [] : [`imdn.Original-To: <${originalTo}>`]),
    ...(message.route ?? []).map((route) => `imdn.IMDN-Route: ${route}`),
  ]
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  return Buffer.concat([head, renderPart(message.content)])
}

/** Message summaries (RFC 3842 §5.2): what waits in somebody's mailboxes, in lines that a simple phone can read. */

/** The media type (RFC 3842 §7.2). */
export const SIMPLE_MESSAGE_SUMMARY = 'application/simple-message-summary'

/** RFC 3458 §6.2, spelled as mailboxes usually do; the grammar does not care for case. */
export const MESSAGE_CLASSES = [
  'Voice-Message',
  'Video-Message',
  'Fax-Message',
  'Pager-Message',
  'Multimedia-Message',
  'Text-Message',
  'None',
] as const
export type MessageClass = (typeof MESSAGE_CLASSES)[number]

export interface Urgent {
  readonly new: number
  readonly old: number
}

export interface MessageCount {
  readonly new: number
  readonly old: number
  /** Of both, where the mailbox tells. */
  readonly urgent?: Urgent | undefined
}

export interface MessageSummary {
  readonly waiting: boolean
  /** URI of the mailbox; without angle brackets. */
  readonly account?: string | undefined
  readonly counts: ReadonlyMap<MessageClass, MessageCount>
}

/** `too-large` is beyond the limits; SIP answers 413 for it, else 400. */
export class MessageSummaryError extends Error {
  readonly kind: 'too-large' | 'invalid'

  constructor(kind: MessageSummaryError['kind'], message: string) {
    super(message)
    this.name = 'MessageSummaryError'
    this.kind = kind
  }
}

const MAX_BYTES = 16_384
const MAX_ACCOUNT = 1024
/** §3.5: no counter is larger, and a larger one counts as this. */
const MAX_COUNT = 2 ** 32 - 1
const COUNT = /^(\d{1,20})\s*\/\s*(\d{1,20})(?:\s*\(\s*(\d{1,20})\s*\/\s*(\d{1,20})\s*\))?$/

const NO_MESSAGES: MessageSummary = { waiting: false, counts: new Map() }

/**
 * Classes that are unknown are passed over, and so are the header fields of new messages (§3.5), which
 * stand behind an empty line. Throws `MessageSummaryError`.
 */
export function parseMessageSummary(bytes: Uint8Array | string): MessageSummary {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')
  if (text.length > MAX_BYTES)
    throw new MessageSummaryError('too-large', 'the summary is too large')
  const [summary = ''] = text.replaceAll('\r\n', '\n').split('\n\n', 1)
  const [first = '', ...lines] = summary.split('\n').filter((line) => line.trim() !== '')
  const status = fieldOf(first)
  if (status.name !== 'messages-waiting' || !/^(?:yes|no)$/i.test(status.value)) {
    throw new MessageSummaryError('invalid', 'it does not begin with Messages-Waiting')
  }
  const counts = new Map<MessageClass, MessageCount>()
  let account: string | undefined
  for (const { name, value } of lines.map(fieldOf)) {
    if (name === 'message-account') account = readAccount(value)
    const known = MESSAGE_CLASSES.find((one) => one.toLowerCase() === name)
    if (known) counts.set(known, readCount(value))
  }
  return { waiting: status.value.toLowerCase() === 'yes', account, counts }
}

/** §5.2: what is not known of a mailbox has no line. */
export function renderMessageSummary({ waiting, account, counts }: MessageSummary): string {
  const lines = [`Messages-Waiting: ${waiting ? 'yes' : 'no'}`]
  if (account !== undefined) lines.push(`Message-Account: ${account}`)
  for (const name of MESSAGE_CLASSES) {
    const count = counts.get(name)
    if (count) lines.push(`${name}: ${renderCount(count)}`)
  }
  return lines.map((line) => `${line}\r\n`).join('')
}

/** Several mailboxes as one (§3.10): something waits as soon as it does in one of them. */
export function mergeSummaries(summaries: readonly MessageSummary[]): MessageSummary {
  return summaries.reduce(merge, NO_MESSAGES)
}

function merge(before: MessageSummary, summary: MessageSummary): MessageSummary {
  const counts = new Map(before.counts)
  for (const [name, count] of summary.counts) counts.set(name, sum(counts.get(name), count))
  return {
    waiting: before.waiting || summary.waiting,
    account: before.account ?? summary.account,
    counts,
  }
}

function sum(before: MessageCount | undefined, count: MessageCount): MessageCount {
  if (!before) return count
  const urgent =
    before.urgent || count.urgent
      ? {
          new: add(before.urgent?.new ?? 0, count.urgent?.new ?? 0),
          old: add(before.urgent?.old ?? 0, count.urgent?.old ?? 0),
        }
      : undefined
  return { new: add(before.new, count.new), old: add(before.old, count.old), urgent }
}

function add(one: number, other: number): number {
  return Math.min(one + other, MAX_COUNT)
}

function fieldOf(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':')
  if (colon < 1) throw new MessageSummaryError('invalid', 'a line has no name')
  return { name: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1).trim() }
}

function readAccount(value: string): string {
  // §3.5 forbids the brackets that some mailboxes write.
  const uri = value.replace(/^<(.*)>$/, '$1')
  if (uri.length > MAX_ACCOUNT)
    throw new MessageSummaryError('too-large', 'the account is too long')
  if (!/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(uri)) {
    throw new MessageSummaryError('invalid', 'the account is no URI')
  }
  return uri
}

function readCount(value: string): MessageCount {
  const numbers = COUNT.exec(value)?.slice(1).map(readNumber)
  if (!numbers) throw new MessageSummaryError('invalid', 'a count is none')
  const [fresh = 0, old = 0, freshUrgent, oldUrgent] = numbers
  const urgent =
    freshUrgent === undefined || oldUrgent === undefined
      ? undefined
      : { new: freshUrgent, old: oldUrgent }
  return { new: fresh, old, urgent }
}

function readNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Math.min(Number(digits), MAX_COUNT)
}

function renderCount({ new: fresh, old, urgent }: MessageCount): string {
  const all = `${fresh}/${old}`
  return urgent ? `${all} (${urgent.new}/${urgent.old})` : all
}

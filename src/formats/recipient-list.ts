/**
 * Who is to have a message and who has it (RFC 5364), in resource lists (RFC 4826 §3): the sender's list, and the
 * history of it that each recipient is shown.
 */

import { type Element, escapeAttr } from '../xml/element.ts'
import type { XmlLimits } from '../xml/syntax.ts'
import { readDocument } from './read-document.ts'
import { NS_RESOURCE_LISTS } from './resource-lists.ts'

const NS_COPY_CONTROL = 'urn:ietf:params:xml:ns:copycontrol'
/** §4, for one that is not named. */
const ANONYMOUS_URI = 'sip:anonymous@anonymous.invalid'

export const COPY_CONTROLS = ['to', 'cc', 'bcc'] as const
export type CopyControl = (typeof COPY_CONTROLS)[number]

export interface ListedRecipient {
  readonly uri: string
  readonly copy: CopyControl
  /** His name is not to be shown. */
  readonly anonymize: boolean
}

const LIMITS: XmlLimits = { maxStanzaBytes: 65_536, maxDepth: 16, maxAttributes: 32 }

/** `too-large` is beyond what is read at all. */
export class RecipientListError extends Error {
  readonly kind: 'malformed' | 'too-large'

  constructor(kind: RecipientListError['kind'], message: string) {
    super(message)
    this.name = 'RecipientListError'
    this.kind = kind
  }
}

/**
 * Each URI once, with the most open of its copy controls (§4). Nested lists are read as one; references to documents
 * elsewhere are passed over, as RFC 5365 §7 lets a server do. Throws `RecipientListError`.
 */
export function parseRecipientList(bytes: Uint8Array): ListedRecipient[] {
  const root = parse(bytes)
  if (!root.is('resource-lists', NS_RESOURCE_LISTS)) {
    throw new RecipientListError('malformed', `the document is {${root.ns}}${root.name}`)
  }
  const recipients = new Map<string, ListedRecipient>()
  for (const entry of entriesOf(root)) {
    const recipient = readEntry(entry)
    const other = recipients.get(recipient.uri)
    if (!other || rank(recipient) < rank(other)) recipients.set(recipient.uri, recipient)
  }
  return [...recipients.values()]
}

function* entriesOf(list: Element): IterableIterator<Element> {
  for (const child of list.elements()) {
    if (child.is('entry', NS_RESOURCE_LISTS)) yield child
    else if (child.is('list', NS_RESOURCE_LISTS)) yield* entriesOf(child)
  }
}

/** §4: without copyControl it is blind. */
function readEntry(entry: Element): ListedRecipient {
  const uri = entry.attr('uri')?.trim() ?? ''
  if (uri === '') throw new RecipientListError('malformed', 'an entry has no URI')
  const control = entry.attr(`{${NS_COPY_CONTROL}}copyControl`)?.trim() ?? 'bcc'
  const copy = COPY_CONTROLS.find((one) => one === control)
  if (!copy) throw new RecipientListError('malformed', `copyControl of ${uri} is ${control}`)
  const anonymize = entry.attr(`{${NS_COPY_CONTROL}}anonymize`)?.trim()
  return { uri, copy, anonymize: anonymize === 'true' || anonymize === '1' }
}

function rank({ copy }: ListedRecipient): number {
  return COPY_CONTROLS.indexOf(copy)
}

function parse(bytes: Uint8Array): Element {
  return readDocument(bytes, LIMITS, (fault, message) => {
    return new RecipientListError(fault === 'too-large' ? fault : 'malformed', message)
  })
}

/** Somebody whom all recipients may see; `uri` is `undefined` for so many who are not named. */
export interface ShownRecipient {
  readonly uri: string | undefined
  readonly copy: CopyControl
  readonly count?: number | undefined
}

export function renderRecipientHistory(recipients: readonly ShownRecipient[]): string {
  const entries = recipients.map(({ uri = ANONYMOUS_URI, copy, count }) => {
    const counted = count === undefined ? '' : ` cp:count="${count}"`
    return `<entry uri="${escapeAttr(uri)}" cp:copyControl="${copy}"${counted}/>`
  })
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<resource-lists xmlns="${NS_RESOURCE_LISTS}" xmlns:cp="${NS_COPY_CONTROL}">` +
    `<list>${entries.join('')}</list></resource-lists>\n`
  )
}

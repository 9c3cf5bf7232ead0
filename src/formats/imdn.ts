/** What became of an instant message (RFC 5438 §11): `message/imdn+xml`. */
import type { Fate } from '../core/messaging/signals.ts'
import { parseDocument } from '../xml/document.ts'
import { type Element, escapeText } from '../xml/element.ts'
import { type XmlLimits, XmlSyntaxError } from '../xml/syntax.ts'

export const IMDN = 'message/imdn+xml'
const NS_IMDN_XML = 'urn:ietf:params:xml:ns:imdn'

export interface Imdn {
  readonly messageId: string
  /** As the sender of the message wrote it (RFC 3339). */
  readonly dateTime: string
  readonly recipientUri?: string | undefined
  readonly originalRecipientUri?: string | undefined
  readonly fate: Fate
}

/** What is read of one; `undefined` for a fate that nobody can be told, such as `forbidden`. */
export interface ReadImdn {
  readonly messageId: string
  readonly fate: Fate | undefined
}

type Notification = 'delivery' | 'processing' | 'display'

const NOTIFICATIONS: Readonly<Record<Fate, Notification>> = {
  delivered: 'delivery',
  failed: 'delivery',
  processed: 'processing',
  stored: 'processing',
  displayed: 'display',
}

const LIMITS: XmlLimits = { maxStanzaBytes: 8_192, maxDepth: 8, maxAttributes: 16 }
/** Longer ones name no message of ours. */
const MAX_ID_CHARS = 1_024

/** `undefined` for what is no such document. */
export function parseImdn(bytes: Uint8Array): ReadImdn | undefined {
  const root = parse(bytes)
  if (!root?.is('imdn', NS_IMDN_XML)) return undefined
  const messageId = root.child('message-id')?.text().trim() ?? ''
  if (messageId === '' || messageId.length > MAX_ID_CHARS) return undefined
  return { messageId, fate: fateIn(root) }
}

function fateIn(root: Element): Fate | undefined {
  const fates = Object.entries(NOTIFICATIONS) as [Fate, Notification][]
  const found = fates.find(([fate, notification]) =>
    root.child(`${notification}-notification`)?.child('status')?.child(fate),
  )
  return found?.[0]
}

function parse(bytes: Uint8Array): Element | undefined {
  try {
    return parseDocument(bytes, LIMITS)
  } catch (error) {
    if (error instanceof XmlSyntaxError) return undefined
    throw error
  }
}

export function renderImdn(imdn: Imdn): string {
  const { messageId, dateTime, recipientUri, originalRecipientUri, fate } = imdn
  const element = (name: string, value: string | undefined) =>
    value === undefined ? '' : `<${name}>${escapeText(value)}</${name}>`
  const notification = `${NOTIFICATIONS[fate]}-notification`
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<imdn xmlns="${NS_IMDN_XML}">` +
    element('message-id', messageId) +
    element('datetime', dateTime) +
    element('recipient-uri', recipientUri) +
    element('original-recipient-uri', originalRecipientUri) +
    `<${notification}><status><${fate}/></status></${notification}></imdn>\n`
  )
}

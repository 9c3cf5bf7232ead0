/** Status messages of somebody who composes one (RFC 3994): `application/im-iscomposing+xml`. */
import { parseDocument } from '../xml/document.ts'
import { escapeText } from '../xml/element.ts'
import { type XmlLimits, XmlSyntaxError } from '../xml/syntax.ts'

export const IS_COMPOSING = 'application/im-iscomposing+xml'
const NS_IS_COMPOSING = 'urn:ietf:params:xml:ns:im-iscomposing'

export interface IsComposing {
  readonly state: 'active' | 'idle'
  /** When something was typed last, milliseconds since the epoch (§3.5). */
  readonly lastActive?: number | undefined
  /** A media type, or the first half of one. */
  readonly contentType?: string | undefined
  /** Seconds until the next one can be expected (§3.2). */
  readonly refresh?: number | undefined
}

const LIMITS: XmlLimits = { maxStanzaBytes: 4_096, maxDepth: 8, maxAttributes: 16 }

/** `undefined` for what is no such document. */
export function parseIsComposing(bytes: Uint8Array): IsComposing | undefined {
  const root = parse(bytes)
  if (!root?.is('isComposing', NS_IS_COMPOSING)) return undefined
  const text = (name: string) => root.child(name)?.text().trim()
  const state = text('state')
  if (state === undefined || state === '') return undefined
  const lastActive = Date.parse(text('lastactive') ?? '')
  const refresh = Number(text('refresh'))
  return {
    // §4: a state that is not known counts as idle.
    state: state === 'active' ? 'active' : 'idle',
    lastActive: Number.isNaN(lastActive) ? undefined : lastActive,
    contentType: text('contenttype'),
    refresh: Number.isInteger(refresh) && refresh > 0 ? refresh : undefined,
  }
}

function parse(bytes: Uint8Array) {
  try {
    return parseDocument(bytes, LIMITS)
  } catch (error) {
    if (error instanceof XmlSyntaxError) return undefined
    throw error
  }
}

export function renderIsComposing({
  state,
  lastActive,
  contentType,
  refresh,
}: IsComposing): string {
  const element = (name: string, value: string | number | undefined) =>
    value === undefined ? '' : `<${name}>${escapeText(String(value))}</${name}>`
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<isComposing xmlns="${NS_IS_COMPOSING}">` +
    element('state', state) +
    element('lastactive', lastActive === undefined ? undefined : stamp(lastActive)) +
    element('contenttype', contentType) +
    element('refresh', refresh) +
    '</isComposing>\n'
  )
}

/** RFC 3339, to the second. */
function stamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}

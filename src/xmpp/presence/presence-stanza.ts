/** Presence stanzas: what they say (RFC 6121 §4.7), and the text that a broadcast shares. */
import type { SubscriptionStanza } from '../../core/presence/subscription.ts'
import { type Element, escapeAttr } from '../../xml/element.ts'
import { badRequest } from '../errors.ts'
import { NS_CLIENT, NS_DELAY } from '../namespaces.ts'

const KINDS = [
  'unavailable',
  'subscribe',
  'subscribed',
  'unsubscribe',
  'unsubscribed',
  'probe',
  'error',
] as const satisfies readonly ('unavailable' | 'probe' | 'error' | SubscriptionStanza)[]

export type PresenceKind = 'available' | (typeof KINDS)[number]

export const SHOWS = ['away', 'chat', 'dnd', 'xa'] as const
/** RFC 6121 §4.7.2.1. */
export type Show = (typeof SHOWS)[number]

export interface Availability {
  readonly show: Show | undefined
  readonly status: string | undefined
  /** −128…127. */
  readonly priority: number
}

/** Throws `StanzaError` `bad-request` where the type is none of RFC 6121 §4.7.1. */
export function presenceKind(stanza: Element): PresenceKind {
  const type = stanza.attr('type')
  if (type === undefined) return 'available'
  const kind = KINDS.find((known) => known === type)
  if (!kind) throw badRequest('unknown type of presence')
  return kind
}

/** Throws `StanzaError` `bad-request` where `<show/>` or `<priority/>` has no such value. */
export function parseAvailability(stanza: Element): Availability {
  const showText = stanza.child('show')?.text()
  const show = SHOWS.find((known) => known === showText)
  if (showText !== undefined && !show) throw badRequest('unknown value of show')
  const priorityText = stanza.child('priority')?.text().trim()
  const priority = priorityText === undefined ? 0 : parsePriority(priorityText)
  return { show, status: statusOf(stanza), priority }
}

function parsePriority(text: string): number {
  const priority = /^[+-]?\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  // §4.7.2.3
  if (priority >= -128 && priority <= 127) return priority
  throw badRequest('a priority is a whole number from -128 to 127')
}

/** The status without a language of its own, else the first (§4.7.2.2). */
export function statusOf(stanza: Element): string | undefined {
  let first: string | undefined
  for (const child of stanza.elements()) {
    if (!child.is('status', NS_CLIENT)) continue
    if (child.attr('xml:lang') === undefined) return child.text() || undefined
    first ??= child.text()
  }
  return first || undefined
}

/** A stanza without `to`, serialised once for all who get it. */
export type SharedText = string & { readonly __brand: 'SharedText' }

const TAG = '<presence'

export function sharedText(stanza: Element): SharedText {
  const bare = stanza.attr('to') === undefined ? stanza : stanza.withAttrs({ to: undefined })
  return bare.toString(NS_CLIENT) as SharedText
}

export function addressed(text: SharedText, to: string): string {
  return `${TAG} to='${escapeAttr(to)}'${text.slice(TAG.length)}`
}

/** `since`, milliseconds since the epoch, becomes a XEP-0203 stamp (RFC 6121 §4.3.2). */
export function unavailableText(
  from: string,
  { id, since }: { id?: string | undefined; since?: number | undefined } = {},
): SharedText {
  const idAttr = id === undefined ? '' : ` id='${escapeAttr(id)}'`
  const start = `${TAG} from='${escapeAttr(from)}'${idAttr} type='unavailable'`
  const text =
    since === undefined
      ? `${start}/>`
      : `${start}><delay xmlns='${NS_DELAY}' stamp='${new Date(since).toISOString()}'/></presence>`
  return text as SharedText
}

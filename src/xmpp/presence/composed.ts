/**
 * A composed person in XMPP's words, and an XMPP client's in the core's: the one place where the two
 * vocabularies meet. Why so: docs/adr/0004-composed-presence-over-xmpp.md.
 */
import type { Person, PersonState } from '../../core/presence/document.ts'
import type { Activity } from '../../core/presence/observation.ts'
import { Element, xml } from '../../xml/element.ts'
import { NS_CLIENT } from '../namespaces.ts'
import { avatarUpdate } from './avatars.ts'
import type { Show } from './presence-stanza.ts'

/** What watchers see of somebody who is busy: the option `xmpp.busyShow`. */
export type BusyShow = 'dnd' | 'none'

/** What replaces `<show/>` and `<status/>`; `offline` hides the person altogether. */
export type Appearance = { readonly kind: 'offline' } | OnlineAppearance

export interface OnlineAppearance {
  readonly kind: 'online'
  readonly show: Show | undefined
  readonly status: string | undefined
}

interface Words {
  readonly show: Show | 'busy' | undefined
  /** The status where the person gave no note. */
  readonly status: string | undefined
}

const COMPOSED: Readonly<Record<Exclude<PersonState, 'offline' | 'unknown'>, Words>> = {
  available: { show: undefined, status: undefined },
  busy: { show: 'busy', status: 'Busy' },
  'on-a-call': { show: 'busy', status: 'On a call' },
  'in-a-meeting': { show: 'busy', status: 'In a meeting' },
  'do-not-disturb': { show: 'dnd', status: 'Do not disturb' },
  'be-right-back': { show: 'away', status: 'Be right back' },
  away: { show: 'away', status: 'Away' },
  'out-of-office': { show: 'xa', status: 'Out of office' },
}

/** RFC 6121 §4.7.2.1; only Do Not Disturb is surely the person's own wish, the rest may be idle timers. */
const CLIENT: Readonly<Record<Show | 'none', { activity: Activity; manual: boolean }>> = {
  none: { activity: 'available', manual: false },
  chat: { activity: 'available', manual: false },
  away: { activity: 'away', manual: false },
  xa: { activity: 'away', manual: false },
  dnd: { activity: 'do-not-disturb', manual: true },
}

export function activityOf(show: Show | undefined): { activity: Activity; manual: boolean } {
  return CLIENT[show ?? 'none']
}

export function appearanceOf({ state, note }: Person, busyShow: BusyShow): Appearance {
  // No show says “unknown”, and none would promise no answer.
  if (state === 'offline' || state === 'unknown') return { kind: 'offline' }
  const words = COMPOSED[state]
  const show = words.show === 'busy' ? (busyShow === 'dnd' ? 'dnd' : undefined) : words.show
  return { kind: 'online', show, status: note ?? words.status }
}

/** Two appearances are the same if and only if their keys are. */
export function appearanceKey(appearance: Appearance | undefined): string {
  if (!appearance) return ''
  if (appearance.kind === 'offline') return 'offline'
  return `online ${appearance.show ?? ''} ${appearance.status ?? ''}`
}

/** A client's stanza with the composed state in place of its own; all else stays as it came. */
export function overlay(stanza: Element, { show, status }: OnlineAppearance): Element {
  const kept = stanza.children.filter(
    (child) =>
      typeof child === 'string' || (!child.is('show', NS_CLIENT) && !child.is('status', NS_CLIENT)),
  )
  return new Element(stanza.name, stanza.ns, stanza.attrs, [...words(show, status), ...kept])
}

/** Presence of a person without an XMPP client of his own, with the hash of his picture. */
export function syntheticStanza(
  from: string,
  { show, status }: OnlineAppearance,
  avatar: string | undefined,
): Element {
  const picture = avatar === undefined ? undefined : avatarUpdate(avatar)
  return xml('presence', { xmlns: NS_CLIENT, from }, ...words(show, status), picture)
}

function words(show: Show | undefined, status: string | undefined): Element[] {
  return [
    ...(show === undefined ? [] : [xml('show', { xmlns: NS_CLIENT }, show)]),
    ...(status === undefined ? [] : [xml('status', { xmlns: NS_CLIENT }, status)]),
  ]
}

/** What watchers over XMPP see of a person now: one stanza for each resource, made-up ones included. */
import type { BareJid } from '../../core/address.ts'
import { NOTHING as NO_VIEW, type Visibility } from '../../core/presence/access/access.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import { renderings } from '../../core/presence/shared-rendering.ts'
import type { Element } from '../../xml/element.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { Avatars } from './avatars.ts'
import {
  appearanceKey,
  appearanceOf,
  type BusyShow,
  type OnlineAppearance,
  overlay,
  syntheticStanza,
} from './composed.ts'
import { XMPP_CLASS, XMPP_SOURCE } from './presence-source.ts'
import { type SharedText, sharedText } from './presence-stanza.ts'

/** Stands for a person who has no XMPP client but is not offline. */
export const SYNTHETIC_RESOURCE = 'heliograph'
/** Where a client of his has that name. */
const OTHER_SYNTHETIC_RESOURCE = 'heliograph-presence'

export interface Announcement {
  /** The client's stanza; `undefined` where the resource is made up. */
  readonly source: Element | undefined
  /** What stands in place of its show and status; where the resource is made up, with the hash of the picture. */
  readonly appearance: string
  readonly text: SharedText
}

/** By resource. */
export type Announcements = ReadonlyMap<string, Announcement>

export const NOTHING: Announcements = new Map()

export interface AnnouncerDeps {
  sessions: LocalSessions
  presence: PresenceService
  busyShow: BusyShow
  avatars: Pick<Avatars, 'known'>
}

export interface Wanted {
  /** What the watchers may see. */
  readonly visible: Visibility
  /** Announcements that are taken over where nothing changed, so that nothing is serialised twice. */
  readonly lenders: readonly Announcements[]
}

/**
 * Who may not see the person's clients is shown the made-up resource in their place, in the state
 * that is composed from what he may see: docs/adr/0004-composed-presence-over-xmpp.md.
 */
export function currentAnnouncements(
  { sessions, presence, busyShow, avatars }: AnnouncerDeps,
  account: BareJid,
  { visible, lenders }: Wanted,
): Announcements {
  if (visible === NO_VIEW) return NOTHING
  const { document, explanation } = presence.view(account, visible)
  const speaker = explanation.winner?.source
  const seesClients = visible.sees(XMPP_CLASS)
  const foreign = speaker !== undefined && !(seesClients && speaker.startsWith(XMPP_SOURCE))
  // A source that is not one of his clients speaks for the person: it shows on each of them.
  const appearance = foreign ? appearanceOf(document.person, busyShow) : undefined
  if (appearance?.kind === 'offline') return NOTHING

  const key = appearanceKey(appearance)
  const now = new Map<string, Announcement>()
  const announce = (
    resource: string,
    wanted: Pick<Announcement, 'source' | 'appearance'>,
    make: () => Element,
  ) => {
    const known = lent(lenders, resource, wanted)
    if (!known) renderings.inc({ format: 'xmpp' })
    now.set(resource, known ?? { ...wanted, text: sharedText(make()) })
  }
  for (const { resource, presence: stanza } of seesClients ? sessions.available(account) : []) {
    if (!stanza) continue
    announce(resource, { source: stanza, appearance: key }, () => dressed(stanza, appearance))
  }
  if (now.size === 0 && appearance) {
    const resource = seesClients ? syntheticResource(sessions, account) : SYNTHETIC_RESOURCE
    const from = `${account}/${resource}`
    const avatar = avatars.known(account)
    const wanted = { source: undefined, appearance: `${avatar ?? ''} ${key}` }
    announce(resource, wanted, () => syntheticStanza(from, appearance, avatar))
  }
  return now
}

function lent(
  lenders: readonly Announcements[],
  resource: string,
  wanted: Pick<Announcement, 'source' | 'appearance'>,
): Announcement | undefined {
  for (const lender of lenders) {
    const known = lender.get(resource)
    if (known && known.source === wanted.source && known.appearance === wanted.appearance)
      return known
  }
  return undefined
}

function dressed(stanza: Element, appearance: OnlineAppearance | undefined): Element {
  return appearance ? overlay(stanza, appearance) : stanza
}

function syntheticResource(sessions: LocalSessions, account: BareJid): string {
  return sessions.get(account, SYNTHETIC_RESOURCE) ? OTHER_SYNTHETIC_RESOURCE : SYNTHETIC_RESOURCE
}

/** Whether no client can have meant this resource: what is sent to it is for the person. */
export function isSynthetic(resource: string): boolean {
  return resource === SYNTHETIC_RESOURCE || resource === OTHER_SYNTHETIC_RESOURCE
}

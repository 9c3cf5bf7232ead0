/** Rosters on the wire: `jabber:iq:roster` (RFC 6121 §2.1). */
import { type BareJid, parseJid } from '../../core/address.ts'
import type { RosterItem } from '../../core/presence/roster-item.ts'
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, jidMalformed, notAcceptable } from '../errors.ts'
import { NS_ROSTER } from '../namespaces.ts'

export type RosterSet =
  | { kind: 'put'; contact: BareJid; name: string; groups: readonly string[] }
  | { kind: 'remove'; contact: BareJid }

/** RFC 6121 §2.3.3: "server-configured limits". */
const MAX_NAME_BYTES = 1023
const MAX_GROUP_BYTES = 1023
const MAX_GROUPS = 50

/** Throws `StanzaError` as RFC 6121 §2.3.3 says. */
export function parseRosterSet(query: Element): RosterSet {
  const [item, second] = [...query.elements()]
  if (!item?.is('item', NS_ROSTER) || second) throw badRequest('a roster set has one item')
  const contact = parseContact(item)
  // §2.1.2.5: any other value from a client is ignored.
  if (item.attr('subscription') === 'remove') return { kind: 'remove', contact }
  const name = item.attr('name') ?? ''
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw notAcceptable('the name is too long')
  return { kind: 'put', contact, name, groups: parseGroups(item) }
}

function parseContact(item: Element): BareJid {
  const text = item.attr('jid')
  if (text === undefined) throw badRequest('a roster item has a jid')
  const jid = parseJid(text)
  if (!jid) throw jidMalformed()
  if (jid.resource !== '') throw badRequest('the jid of a roster item is a bare JID')
  return jid.bare
}

function parseGroups(item: Element): string[] {
  const groups: string[] = []
  for (const child of item.elements()) {
    if (!child.is('group', NS_ROSTER)) continue
    const group = child.text()
    if (group === '') throw notAcceptable('a group has a name')
    if (Buffer.byteLength(group) > MAX_GROUP_BYTES) throw notAcceptable('a group name is too long')
    if (groups.includes(group)) throw badRequest('a group is named twice')
    groups.push(group)
  }
  if (groups.length > MAX_GROUPS) throw notAcceptable('too many groups')
  return groups
}

export function rosterQuery(version: string, items: Iterable<Element>): Element {
  return xml('query', { xmlns: NS_ROSTER, ver: version }, ...items)
}

export function rosterItem(item: RosterItem): Element {
  return xml(
    'item',
    {
      jid: item.contact,
      name: item.name === '' ? undefined : item.name,
      subscription: item.subscription,
      ask: item.pendingOut ? 'subscribe' : undefined,
      approved: item.approved ? 'true' : undefined,
    },
    ...item.groups.map((group) => xml('group', {}, group)),
  )
}

export function removedItem(contact: BareJid): Element {
  return xml('item', { jid: contact, subscription: 'remove' })
}

/** Whether clients see a difference. Requests that wait are not on the roster (RFC 6121 §3.1.3). */
export function looksSame(a: RosterItem | undefined, b: RosterItem | undefined): boolean {
  const shownA = a?.inRoster ? rosterItem(a).toString() : ''
  const shownB = b?.inRoster ? rosterItem(b).toString() : ''
  return shownA === shownB
}

/** One user of a file of XEP-0227, read and checked. What is wrong with a part of him is noted, and the rest is taken. */
import { type BareJid, bareJid, parseJid, requireJid } from '../../core/address.ts'
import { newRosterItem, type RosterItem, SUBSCRIPTIONS } from '../../core/presence/roster-item.ts'
import { DirectoryError } from '../../directory/errors.ts'
import type { ScramKeys, ScramMechanism } from '../../directory/scram.ts'
import { Element, xml } from '../../xml/element.ts'
import { parseItems } from '../../xmpp/blocking/block-list-stanza.ts'
import { StanzaError } from '../../xmpp/errors.ts'
import { idGivenBy } from '../../xmpp/messages/stanza-id.ts'
import { XmppMessage } from '../../xmpp/messages/xmpp-message.ts'
import { NS_CLIENT, NS_DELAY, NS_ROSTER } from '../../xmpp/namespaces.ts'
import { parseRosterSet } from '../../xmpp/roster/roster-stanza.ts'
import { NS_PIE_SCRAM, readScram, scramInPassword, scramMechanism } from './scram-credentials.ts'
import { NS_PIE } from './user-splitter.ts'

export const NS_PRIVATE = 'jabber:iq:private'
export const NS_PRIVACY = 'jabber:iq:privacy'
export const NS_VCARD = 'vcard-temp'
export const NS_BLOCKING = 'urn:xmpp:blocking'
/** Ours: what XEP-0227 has no place for. */
export const NS_HELIOGRAPH = 'urn:heliograph:accounts:0'

export interface PortableUser {
  readonly account: BareJid
  password: string | undefined
  name: string | undefined
  readonly keys: Map<ScramMechanism, ScramKeys>
  readonly roster: RosterItem[]
  /** Who asked for a subscription and waits, with the stanza. */
  readonly requests: Map<BareJid, string>
  readonly messages: XmppMessage[]
  vcard: Element | undefined
  /** By `{namespace}name`. */
  readonly pieces: Map<string, string>
  /** As access rules name watchers. */
  readonly blocked: Set<string>
  readonly problems: string[]
  /** Sections that this server does not keep, as `{namespace}name`. */
  readonly skipped: string[]
}

/** Throws `DirectoryError` `BAD_ACCOUNT`. */
export function readUser(element: Element, host: string): PortableUser {
  const name = element.attr('name') ?? ''
  const account = name === '' ? undefined : bareJid(name, host)
  if (!account) throw new DirectoryError('BAD_ACCOUNT', 'the name or the host is not valid')
  const user: PortableUser = {
    account,
    password: element.attr('password'),
    name: undefined,
    keys: new Map(),
    roster: [],
    requests: new Map(),
    messages: [],
    vcard: undefined,
    pieces: new Map(),
    blocked: new Set(),
    problems: [],
    skipped: [],
  }
  const keys = scramInPassword(user.password ?? '')
  if (keys) {
    user.password = undefined
    user.keys.set(keys.mechanism, keys.keys)
  }
  for (const section of element.elements()) {
    const key = `{${section.ns}}${section.name}`
    const read = SECTIONS[key]
    if (read) read(user, section)
    else user.skipped.push(key)
  }
  return user
}

const SECTIONS: Readonly<Record<string, (user: PortableUser, section: Element) => void>> = {
  [`{${NS_PIE_SCRAM}}scram-credentials`]: readCredentials,
  [`{${NS_ROSTER}}query`]: readRoster,
  [`{${NS_CLIENT}}presence`]: readRequest,
  // @COMPAT(Prosody): it forgets the namespace.
  [`{${NS_PIE}}presence`]: readRequest,
  [`{${NS_PIE}}offline-messages`]: readMessages,
  [`{${NS_PRIVATE}}query`]: readPrivate,
  [`{${NS_BLOCKING}}blocklist`]: readBlockList,
  [`{${NS_PRIVACY}}query`]: readPrivacy,
  [`{${NS_VCARD}}vCard`]: (user, section) => {
    user.vcard = section
    user.name ??= section.child('FN')?.text()
  },
  [`{${NS_HELIOGRAPH}}name`]: (user, section) => {
    user.name = section.text()
  },
}

function readCredentials(user: PortableUser, section: Element): void {
  const mechanism = scramMechanism(section)
  if (!mechanism) {
    user.skipped.push(
      `{${NS_PIE_SCRAM}}scram-credentials ${section.attr('mechanism') ?? ''}`.slice(0, 100),
    )
    return
  }
  const keys = readScram(section, mechanism)
  if (keys && !user.keys.has(mechanism)) user.keys.set(mechanism, keys)
  else user.problems.push(`the keys of ${mechanism} are not valid, or there twice`)
}

function readRoster(user: PortableUser, section: Element): void {
  for (const item of section.elements()) {
    if (!item.is('item', NS_ROSTER)) continue
    noting(user, `contact ${shown(item.attr('jid'))}`, () => user.roster.push(rosterItemOf(item)))
  }
}

function rosterItemOf(item: Element): RosterItem {
  const subscription = SUBSCRIPTIONS.find((one) => one === (item.attr('subscription') ?? 'none'))
  if (!subscription) throw new StanzaError('modify', 'bad-request', 'the subscription is unknown')
  const set = parseRosterSet(xml('query', { xmlns: NS_ROSTER }, item))
  const { contact, name, groups } = { name: '', groups: [], ...set }
  const sees = subscription === 'to' || subscription === 'both'
  return {
    ...newRosterItem(contact),
    name,
    groups,
    subscription,
    pendingOut: item.attr('ask') === 'subscribe' && !sees,
    approved: ['true', '1'].includes(item.attr('approved') ?? ''),
  }
}

function readRequest(user: PortableUser, section: Element): void {
  const from = parseJid(section.attr('from') ?? '')
  if (section.attr('type') !== 'subscribe' || !from) {
    user.problems.push(`a presence that is no request of a person: ${shown(section.attr('from'))}`)
    return
  }
  const stanza = asStanza(section).withAttrs({ from: from.bare, to: user.account })
  user.requests.set(from.bare, stanza.toString(NS_CLIENT))
}

function readMessages(user: PortableUser, section: Element): void {
  for (const element of section.elements()) {
    const stanza = asStanza(element)
    const from = parseJid(stanza.attr('from') ?? '')
    const to = parseJid(stanza.attr('to') ?? user.account)
    if (!stanza.is('message', NS_CLIENT) || !from || to?.bare !== user.account) {
      user.problems.push(`a message without valid addresses, from ${shown(stanza.attr('from'))}`)
      continue
    }
    const { domain } = requireJid(user.account)
    const delays = [...stanza.elements()].filter((child) => child.is('delay', NS_DELAY))
    const delay = delays.find((child) => child.attr('from') === domain) ?? delays[0]
    const since = Date.parse(delay?.attr('stamp') ?? '')
    // The server says anew since when it waits; what others said stays.
    const children = stanza.children.filter(
      (child) => child !== delay || delay.attr('from') !== domain,
    )
    const kept = new Element(
      'message',
      NS_CLIENT,
      stanza.withAttrs({ to: to.full }).attrs,
      children,
    )
    const message = new XmppMessage(kept, from, to, Number.isNaN(since) ? undefined : since)
    message.stableId = idGivenBy(user.account, stanza)
    user.messages.push(message)
  }
}

/** What stands in the namespace of the file for want of another is a stanza. */
function asStanza(element: Element): Element {
  if (element.ns !== NS_PIE) return element
  const { name, attrs, children } = element
  const moved = children.map((child) => (typeof child === 'string' ? child : asStanza(child)))
  return new Element(name, NS_CLIENT, attrs, moved)
}

function readPrivate(user: PortableUser, section: Element): void {
  for (const piece of section.elements()) {
    if (piece.ns === '' || piece.ns === NS_PRIVATE || piece.ns === NS_PIE) {
      user.problems.push(`private data without a namespace: ${piece.name}`)
    } else user.pieces.set(`{${piece.ns}}${piece.name}`, piece.toString())
  }
}

function readBlockList(user: PortableUser, section: Element): void {
  for (const item of section.elements()) {
    noting(user, `blocked ${shown(item.attr('jid'))}`, () => {
      for (const { pattern } of parseItems(xml('block', {}, item), 'any')) user.blocked.add(pattern)
    })
  }
}

/** XEP-0016: of the default list those are taken who are refused altogether, which a block list can say. */
function readPrivacy(user: PortableUser, section: Element): void {
  const chosen = section.child('default')?.attr('name')
  for (const list of section.elements()) {
    if (list.name !== 'list') continue
    const isChosen = list.attr('name') === chosen
    for (const item of list.elements()) {
      const value = parseJid(item.attr('value') ?? '')
      const isBlock = item.attr('type') === 'jid' && item.attr('action') === 'deny'
      if (isChosen && isBlock && item.children.length === 0 && value?.resource === '') {
        user.blocked.add(value.local === '' ? `@${value.domain}` : value.bare)
      } else user.skipped.push(`{${NS_PRIVACY}}item`)
    }
  }
}

function noting(user: PortableUser, what: string, read: () => unknown): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error
    user.problems.push(`${what}: ${error.message}`)
  }
}

function shown(text: string | undefined): string {
  return (text ?? 'nobody').slice(0, 200)
}

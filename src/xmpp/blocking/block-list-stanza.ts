/** Block lists on the wire (XEP-0191), with the reports that XEP-0377 lets a block carry. */
import { parseJid } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, jidMalformed, notAcceptable, resourceConstraint } from '../errors.ts'

export const NS_BLOCKING = 'urn:xmpp:blocking'
export const NS_REPORTING = 'urn:xmpp:reporting:1'

/** Addresses that one command may name. */
const MAX_ITEMS = 1_000
/** Characters of what a user says about an abuse. */
const MAX_REPORT_TEXT = 1_000

export interface BlockItem {
  /** As access rules name watchers: `user@domain`, or `@domain` for everybody there. */
  readonly pattern: string
  readonly report: AbuseReport | undefined
}

export interface AbuseReport {
  readonly reason: string
  readonly text: string | undefined
}

/** Throws `StanzaError`. `some`: at least one (§3.3). */
export function parseItems(command: Element, howMany: 'some' | 'any'): BlockItem[] {
  const items: BlockItem[] = []
  for (const child of command.elements()) {
    if (child.is('item', NS_BLOCKING)) items.push(parseItem(child))
    if (items.length > MAX_ITEMS) throw resourceConstraint('too many addresses at once')
  }
  if (howMany === 'some' && items.length === 0) throw badRequest('a block names an address')
  return items
}

function parseItem(item: Element): BlockItem {
  const text = item.attr('jid')
  if (text === undefined) throw badRequest('an item has a jid')
  const jid = parseJid(text)
  if (!jid) throw jidMalformed()
  // Access rules are about people; one client of theirs is nobody's business (docs/adr/0011-blocking.md).
  if (jid.resource !== '') throw notAcceptable('block the address without its resource')
  return { pattern: jid.local === '' ? `@${jid.domain}` : jid.bare, report: parseReport(item) }
}

/** XEP-0377 §3: a report without its reason is none. */
function parseReport(item: Element): AbuseReport | undefined {
  const report = item.child('report', NS_REPORTING)
  const reason = report?.attr('reason')
  if (!report || reason === undefined) return undefined
  const text = report.child('text')?.text().slice(0, MAX_REPORT_TEXT)
  return { reason: reason.slice(0, MAX_REPORT_TEXT), text }
}

/** `undefined` for a pattern that no JID stands for. */
export function jidOfPattern(pattern: string): string | undefined {
  if (pattern.startsWith('@')) return pattern === '@*' ? undefined : pattern.slice(1)
  return pattern.includes('@') ? pattern : undefined
}

export function blockListElement(jids: Iterable<string>): Element {
  return withItems('blocklist', jids)
}

export function withItems(
  name: 'blocklist' | 'block' | 'unblock',
  jids: Iterable<string>,
): Element {
  const items = Array.from(jids, (jid) => xml('item', { jid }))
  return xml(name, { xmlns: NS_BLOCKING }, ...items)
}

/** Accounts as XEP-0227 writes them, one after the other. Passwords are not known and not in it: SCRAM keys are. */
import { type BareJid, requireJid } from '../../core/address.ts'
import type { RosterItem } from '../../core/presence/roster-item.ts'
import { DirectoryError } from '../../directory/errors.ts'
import { SCRAM_MECHANISMS } from '../../directory/scram.ts'
import type { User } from '../../directory/user.ts'
import { OfflineMessages } from '../../storage/stores/offline-messages.ts'
import { type Element, escapeAttr, xml } from '../../xml/element.ts'
import { blockListElement } from '../../xmpp/blocking/block-list-stanza.ts'
import { parseStanza, renderMessage } from '../../xmpp/messages/render.ts'
import { blockedBy } from '../../xmpp/modules/blocking.ts'
import { NS_CLIENT, NS_ROSTER } from '../../xmpp/namespaces.ts'
import { rosterItem } from '../../xmpp/roster/roster-stanza.ts'
import { storedElement } from '../../xmpp/stored-element.ts'
import { parseMessage } from '../stores.ts'
import type { PortableDeps } from './portable.ts'
import { NS_HELIOGRAPH, NS_PRIVATE } from './read-user.ts'
import { scramElement } from './scram-credentials.ts'
import { NS_PIE } from './user-splitter.ts'

const USERS_AT_ONCE = 100
const MESSAGES_AT_ONCE = 10

/** Every domain, or this one. Throws `DirectoryError` `NO_SUCH_DOMAIN` at once. */
export function exportAccounts(deps: PortableDeps, only?: string): AsyncIterable<string> {
  const { directory } = deps
  const domains = directory.domains().map(({ name }) => name)
  if (only !== undefined && !domains.includes(only)) {
    throw new DirectoryError('NO_SUCH_DOMAIN', `there is no domain ${only}`)
  }
  return document(deps, only === undefined ? domains : [only])
}

async function* document(deps: PortableDeps, domains: readonly string[]): AsyncIterable<string> {
  yield `<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='${NS_PIE}'>\n`
  for (const domain of domains) {
    yield `<host jid='${escapeAttr(domain)}'>\n`
    for await (const user of usersOf(deps, domain)) {
      yield `<user name='${escapeAttr(requireJid(user.account).local)}'>\n`
      for await (const part of partsOf(deps, user)) yield part
      yield '</user>\n'
    }
    yield '</host>\n'
  }
  yield '</server-data>\n'
}

async function* usersOf({ directory }: PortableDeps, domain: string): AsyncIterable<User> {
  let after: string | undefined
  for (;;) {
    const page = await directory.users({ domain, after, limit: USERS_AT_ONCE })
    yield* page
    after = page.at(-1)?.account
    if (page.length === 0) return
  }
}

async function* partsOf(deps: PortableDeps, { account, name }: User): AsyncIterable<string> {
  const { directory, access } = deps
  // The schema has them first (§8).
  yield* messagesOf(deps, account)
  const parts: Element[] = []
  if (name !== '') parts.push(xml('name', { xmlns: NS_HELIOGRAPH }, name))
  for (const mechanism of SCRAM_MECHANISMS) {
    const keys = await directory.scram(account, mechanism)
    if (keys) parts.push(scramElement(mechanism, keys))
  }
  parts.push(...contactsOf([...(await directory.contacts.get(account)).items.values()]))
  const vcard = await directory.personal.vcard(account)
  if (vcard !== undefined) parts.push(storedElement(vcard))
  const pieces = await directory.personal.allPrivate(account)
  if (pieces.length > 0) {
    parts.push(xml('query', { xmlns: NS_PRIVATE }, ...pieces.map(storedElement)))
  }
  const blocked = [...blockedBy(access, account)]
  if (blocked.length > 0) parts.push(blockListElement(blocked.sort()))
  for (const part of parts) yield lineOf(part)
}

/** The roster, and the requests that wait for an answer. */
function contactsOf(items: readonly RosterItem[]): Element[] {
  const sorted = items.toSorted((a, b) => (a.contact < b.contact ? -1 : 1))
  const roster = sorted.filter(({ inRoster }) => inRoster).map(rosterItem)
  const requests = sorted.filter(({ pendingIn }) => pendingIn).map(requestOf)
  return roster.length > 0 ? [xml('query', { xmlns: NS_ROSTER }, ...roster), ...requests] : requests
}

function requestOf({ contact, pendingInStanza }: RosterItem): Element {
  const kept = pendingInStanza === undefined ? undefined : parseStanza(pendingInStanza)
  return kept ?? xml('presence', { xmlns: NS_CLIENT, type: 'subscribe', from: contact })
}

async function* messagesOf({ database }: PortableDeps, account: BareJid): AsyncIterable<string> {
  const messages = new OfflineMessages(database.kysely)
  let after = 0
  for (;;) {
    const batch = await messages.list(account, { after, limit: MESSAGES_AT_ONCE })
    if (batch.length > 0 && after === 0) yield '<offline-messages>\n'
    for (const row of batch) {
      const stanza = parseStanza(renderMessage(parseMessage(row), account))
      if (stanza) yield lineOf(stanza)
    }
    if (batch.length === 0 && after > 0) yield '</offline-messages>\n'
    if (batch.length === 0) return
    after = batch.at(-1)?.id ?? after
  }
}

function lineOf(element: Element): string {
  return `${element.toString(NS_PIE)}\n`
}

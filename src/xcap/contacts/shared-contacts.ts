/** A user's contact list as the `index` of his resource lists, and back (RFC 4826 §3). */
import type { BareJid } from '../../core/address.ts'
import { ContactError, requireTexts } from '../../core/presence/contact.ts'
import type { Contacts } from '../../core/presence/contacts.ts'
import type { RosterItem } from '../../core/presence/roster-item.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Candidate, SharedDocument } from '../application-usage.ts'
import { conflict, XcapRefusal } from '../xcap-refusal.ts'
import { type ContactGroup, contactGroups } from './contact-entries.ts'
import { currentForm, freshForm, type Items } from './contact-form.ts'

export interface SharedContactsDeps {
  readonly directory: Pick<Directory, 'contacts' | 'onUserRemoved'>
  readonly contacts: Contacts
}

interface Wanted {
  readonly uri: string
  readonly names: Set<string>
  readonly groups: Set<string>
}

interface Put {
  readonly uri: string
  readonly name: string
  readonly groups: readonly string[]
}

export function sharedContacts(deps: SharedContactsDeps): SharedDocument {
  const { directory, contacts } = deps
  return {
    name: 'index',

    async show(account, kept) {
      const items = await itemsOf(deps, account)
      if (kept === undefined) return freshForm(items)
      const meanings = await meaningsOf(deps, account, contactGroups(kept.text))
      return currentForm(kept.text, items, meanings)
    },

    async apply(candidate) {
      const { account } = candidate
      const items = await itemsOf(deps, account)
      const { puts, removed } = await differences(deps, candidate, items)
      await refusing(async () => {
        for (const contact of removed) await contacts.remove(account, contact)
        for (const { uri, ...put } of puts) await contacts.put(account, uri, put)
      })
      return ''
    },

    clear(account) {
      return refusing(async () => {
        const items = await itemsOf(deps, account)
        for (const contact of items.keys()) await contacts.remove(account, contact)
      })
    },

    watch(changed) {
      const watches = new DisposableStack()
      watches.use(directory.contacts.onChange(({ account }) => changed(account)))
      watches.use(
        directory.onUserRemoved(({ affected }) => {
          for (const { account } of affected) changed(account)
        }),
      )
      return watches
    },
  }
}

async function itemsOf({ directory }: SharedContactsDeps, account: BareJid): Promise<Items> {
  const { items } = await directory.contacts.get(account)
  return new Map([...items].filter(([, { inRoster }]) => inRoster))
}

async function meaningsOf(
  { contacts }: SharedContactsDeps,
  account: BareJid,
  groups: readonly ContactGroup[],
): Promise<Map<string, BareJid>> {
  const meanings = new Map<string, BareJid>()
  for (const { uri } of groups.flatMap(({ entries }) => entries)) {
    if (meanings.has(uri)) continue
    try {
      meanings.set(uri, await contacts.whom(account, uri))
    } catch (error) {
      if (!(error instanceof ContactError)) throw error
    }
  }
  return meanings
}

/** All is looked at before anything is changed. Throws `Conflict`. */
async function differences(
  deps: SharedContactsDeps,
  { account, text }: Candidate,
  items: Items,
): Promise<{ puts: Put[]; removed: BareJid[] }> {
  const wanted = await wantedIn(deps, account, contactGroups(text))
  const puts: Put[] = []
  for (const [contact, { uri, names, groups }] of wanted) {
    const item = items.get(contact)
    const put = { uri, name: nameOf(names, { item, uri }), groups: [...groups] }
    await refusing(async () => requireTexts(put))
    if (!isSame(item, put)) puts.push(put)
  }
  return { puts, removed: [...items.keys()].filter((contact) => !wanted.has(contact)) }
}

async function wantedIn(
  { contacts }: SharedContactsDeps,
  account: BareJid,
  groups: readonly ContactGroup[],
): Promise<Map<BareJid, Wanted>> {
  const wanted = new Map<BareJid, Wanted>()
  for (const { uri, group, displayName } of groups.flatMap(({ entries }) => entries)) {
    const contact = await refusing(() => contacts.whom(account, uri))
    const one = wanted.get(contact) ?? { uri, names: new Set(), groups: new Set() }
    if (displayName !== undefined) one.names.add(displayName)
    if (group !== '') one.groups.add(group)
    wanted.set(contact, one)
  }
  return wanted
}

/** A contact has one name, in however many lists he is: the new one of those that the document gives. */
function nameOf(
  names: ReadonlySet<string>,
  { item, uri }: { item: RosterItem | undefined; uri: string },
): string {
  const [fresh, ...more] = [...names].filter((name) => name !== item?.name)
  if (more.length > 0) throw conflict('constraint-failure', `${uri} has more than one name`)
  return fresh ?? (names.size > 0 ? (item?.name ?? '') : '')
}

function isSame(item: RosterItem | undefined, { name, groups }: Put): boolean {
  if (item?.name !== name || item.groups.length !== groups.length) return false
  return groups.every((group) => item.groups.includes(group))
}

/** Throws `Conflict`, `XcapRefusal` 503 for what the contact list refuses. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ContactError)) throw error
    if (error.code === 'BUSY') throw new XcapRefusal(503, error.message, { 'retry-after': '5' })
    throw conflict('constraint-failure', error.message)
  }
}

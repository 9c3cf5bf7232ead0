/** Roster management (RFC 6121 §2) with versions (§2.6). */
import type { BareJid } from '../../core/address.ts'
import { newRosterItem, type RosterItem } from '../../core/presence/roster-item.ts'
import { xml } from '../../xml/element.ts'
import { badRequest, forbidden, notAllowed } from '../errors.ts'
import { type IqAnswer, type IqRequest, REPLIED, requireSession } from '../iq/iq-handlers.ts'
import { defineModule } from '../module.ts'
import { NS_ROSTER } from '../namespaces.ts'
import type { XmppSubscriptions } from '../presence/subscriptions.ts'
import {
  parseRosterSet,
  type RosterSet,
  removedItem,
  rosterItem,
  rosterQuery,
} from './roster-stanza.ts'
import type { Rosters } from './rosters.ts'

const NS_ROSTER_VERSIONS = 'urn:xmpp:features:rosterver'

export const roster = defineModule({
  name: 'roster',
  specs: [
    { rfc: 6121, sections: '2', status: 'complete' },
    { xep: 237, version: '1.3', status: 'complete' },
  ],
  features: [NS_ROSTER],
  accountFeatures: [NS_ROSTER],
  streamFeatures: () => [xml('ver', { xmlns: NS_ROSTER_VERSIONS })],

  setup({ iq, rosters, subscriptions }) {
    iq.account.get(NS_ROSTER, 'query', (request) => {
      requireOwner(request)
      if ([...request.payload.elements()].length > 0) throw badRequest('a roster get is empty')
      return sendRoster(rosters, request)
    })

    iq.account.set(NS_ROSTER, 'query', async (request) => {
      requireOwner(request)
      await changeRoster({ rosters, subscriptions }, request.to, parseRosterSet(request.payload))
      return undefined
    })
  },
})

/** §2.3.3: nobody reads or changes another's roster. */
function requireOwner({ from, to }: IqRequest): void {
  if (from.bare !== to) throw forbidden()
}

/** With nothing changed in between, so that the client misses no push. */
function sendRoster(rosters: Rosters, request: IqRequest): Promise<IqAnswer> {
  const { to, payload } = request
  const session = requireSession(request)
  return rosters.exclusive<IqAnswer>(to, async () => {
    const known = payload.attr('ver')
    const delta = known ? await rosters.changesSince(to, known) : undefined
    if (delta?.kind === 'changes') {
      // §2.6.3: an empty result, then what is new as pushes.
      request.reply()
      session.interested = true
      for (const { contact, item, version } of delta.changes) {
        rosters.pushTo(session, version, item ? rosterItem(item) : removedItem(contact))
      }
      return REPLIED
    }
    const { version, items } = await rosters.get(to)
    const shown = [...items.values()].filter(({ inRoster }) => inRoster)
    request.reply(rosterQuery(version, shown.map(rosterItem)))
    session.interested = true
    return REPLIED
  })
}

async function changeRoster(
  { rosters, subscriptions }: { rosters: Rosters; subscriptions: XmppSubscriptions },
  account: BareJid,
  set: RosterSet,
): Promise<void> {
  const { contact } = set
  if (contact === account) throw notAllowed('nobody is his own contact')
  if (set.kind === 'remove') return subscriptions.removeContact(account, contact)
  await rosters.change(account, contact, (item) => renamed(item ?? newRosterItem(contact), set))
}

/** The same object where nothing differs. */
function renamed(item: RosterItem, { name, groups }: { name: string; groups: readonly string[] }) {
  const same =
    item.inRoster &&
    item.name === name &&
    item.groups.length === groups.length &&
    item.groups.every((group) => groups.includes(group))
  return same ? item : { ...item, name, groups, inRoster: true }
}

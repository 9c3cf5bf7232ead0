/**
 * The `reg` event package (RFC 3680): which contacts a user has registered here, and what became of
 * those that he has no more. It tells where somebody can be reached: him alone, and the application
 * servers that the operator names.
 */
import { createHash } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import { type Access, EVERYTHING } from '../../core/presence/access/access.ts'
import {
  type ContactEntry,
  REGINFO,
  type Registration,
  renderRegInfo,
} from '../../formats/reginfo.ts'
import { SipError } from '../errors.ts'
import {
  type ComparedState,
  defineEventPackage,
  type EventDeps,
  type State,
} from './event-package.ts'

const OWN: Access = { decision: 'allow', visible: EVERYTHING, asks: false }

/** The contacts that a watcher knows to be registered. */
class RegView implements ComparedState {
  readonly contacts: ReadonlyMap<string, ContactEntry>

  constructor(contacts: readonly ContactEntry[]) {
    this.contacts = new Map(contacts.map((contact) => [contact.id, contact]))
  }

  get tag(): string {
    const told = [...this.contacts.values()].map(({ id, event, q, callId, cseq }) => {
      return [id, event, q, callId, cseq]
    })
    return JSON.stringify(told)
  }

  equals(other: State): boolean {
    if (!(other instanceof RegView) || other.contacts.size !== this.contacts.size) return false
    return [...this.contacts.values()].every((contact) => !other.isNews(contact))
  }

  isNews(contact: ContactEntry): boolean {
    const known = this.contacts.get(contact.id)
    return !known || !isSame(known, contact)
  }
}

export const regPackage = defineEventPackage({
  event: 'reg',
  specs: ['RFC 3680', 'RFC 5628'],
  contentTypes: [REGINFO],
  expires: { min: 60, default: 3761, max: 86_400 }, // §4.4
  minNotifyIntervalMs: 5_000, // §4.10

  /** §4.6: the user himself; applications by the operator's word. */
  authorize({ registrations }, { presentity, watcher }) {
    if (watcher.account === presentity) return OWN
    if (registrations.watchers.has(watcher.address)) return OWN
    throw new SipError(403, 'Not Your Registrations')
  },

  render(deps, { presentity, entity }, { version, known }) {
    const view = new RegView(deps.registrations.states.of(presentity, entity))
    const contacts =
      known instanceof RegView ? changes(deps, presentity, { known, view }) : undefined
    // §4.7.2: what has changed, once all has been told.
    const isPartial = contacts !== undefined && contacts.length > 0
    const registration: Registration = {
      aor: entity,
      id: createHash('sha256').update(presentity).digest('hex').slice(0, 12),
      state: stateOf(view, isPartial),
      contacts: isPartial ? contacts : [...view.contacts.values()],
    }
    const body = renderRegInfo({
      version,
      state: isPartial ? 'partial' : 'full',
      registrations: [registration],
    })
    return { body: Buffer.from(body), state: view }
  },

  watch: ({ registrations }, changed) => registrations.states.onChange(changed),
})

/** Contacts that are new or have another state than the watcher knows, and those that have ended. */
function changes(
  { registrations: { states } }: EventDeps,
  account: BareJid,
  { known, view }: { readonly known: RegView; readonly view: RegView },
): readonly ContactEntry[] {
  const news = [...view.contacts.values()].filter((contact) => known.isNews(contact))
  const ended = [...known.contacts.values()]
    .filter(({ id }) => !view.contacts.has(id))
    .map((contact) => states.ended(account, contact.id) ?? unregistered(contact))
  return [...news, ...ended]
}

/** §4.7.1: that the last contact has ended is told once; after that there is no registration. */
function stateOf({ contacts }: RegView, isPartial: boolean): Registration['state'] {
  if (contacts.size > 0) return 'active'
  return isPartial ? 'terminated' : 'init'
}

function unregistered({ expires: _, ...contact }: ContactEntry): ContactEntry {
  return { ...contact, state: 'terminated', event: 'unregistered' }
}

/** Durations grow by themselves; each REGISTER has a number of its own. */
function isSame(a: ContactEntry, b: ContactEntry): boolean {
  return a.event === b.event && a.q === b.q && a.callId === b.callId && a.cseq === b.cseq
}

/**
 * XEP-0016: Privacy Lists, for clients that know nothing of XEP-0191: the block list, to be read only, as the one list
 * that there is. It is the default one and always applies, as XEP-0191 §5 would have it.
 */
import { type Element, escapeAttr, xml } from '../../xml/element.ts'
import { badRequest, forbidden, itemNotFound, notAllowed } from '../errors.ts'
import { type IqRequest, requireSession } from '../iq/iq-handlers.ts'
import { defineModule, type ModuleContext } from '../module.ts'
import type { XmppSession } from '../session.ts'
import { blockedBy } from './blocking.ts'

const NS_PRIVACY = 'jabber:iq:privacy'
const LIST = 'blocked'

export const privacyLists = defineModule({
  name: 'privacy-lists',
  specs: [{ xep: 16, version: '1.7', status: 'partial' }], // the block list, read-only
  features: [NS_PRIVACY],
  enabled: (config) => config.privacyLists,

  setup(context) {
    const { iq, access, sessions } = context
    const readers = new Readers()
    iq.account.get(NS_PRIVACY, 'query', (request) => {
      requireOwner(request)
      return read(context, readers, request)
    })
    iq.account.set(NS_PRIVACY, 'query', (request) => {
      requireOwner(request)
      choose(readers, request)
      return undefined
    })
    return access.onChange(({ presentity }) => {
      if (presentity === undefined) return
      const reading = sessions.connected(presentity).filter((session) => readers.has(session))
      if (reading.length === 0) return
      const now = blockedBy(access, presentity)
      for (const session of reading) readers.tell(session, now)
    })
  },
})

/** Clients that have asked for privacy lists: the others would not know what they are told (§2.3). */
class Readers {
  readonly #known = new WeakMap<XmppSession, ReadonlySet<string>>()
  /** Those that have made the list their active one, which changes nothing. */
  readonly active = new WeakSet<XmppSession>()
  #pushes = 0

  has(session: XmppSession): boolean {
    return this.#known.has(session)
  }

  knows(session: XmppSession, list: ReadonlySet<string>): void {
    this.#known.set(session, list)
  }

  tell(session: XmppSession, now: ReadonlySet<string>): void {
    const known = this.#known.get(session) ?? now
    if (known.symmetricDifference(now).size === 0) return
    this.#known.set(session, now)
    this.#pushes += 1
    const to = escapeAttr(session.jid.full)
    const query = xml('query', { xmlns: NS_PRIVACY }, xml('list', { name: LIST }))
    session.send(`<iq type='set' id='privacy${this.#pushes}' to='${to}'>${query}</iq>`)
  }
}

function requireOwner({ from, to }: IqRequest): void {
  if (from.bare !== to) throw forbidden()
}

/** §2.4, §2.5. */
function read({ access }: ModuleContext, readers: Readers, request: IqRequest): Element {
  const { to, payload } = request
  const session = requireSession(request)
  const [asked, ...more] = [...payload.elements()]
  const list = blockedBy(access, to)
  readers.knows(session, list)
  if (more.length > 0) throw badRequest('one list at a time')
  if (!asked) {
    const active = readers.active.has(session) ? xml('active', { name: LIST }) : undefined
    const [byDefault, there] = ['default', 'list'].map((name) => xml(name, { name: LIST }))
    return xml('query', { xmlns: NS_PRIVACY }, active, byDefault, there)
  }
  if (!asked.is('list', NS_PRIVACY)) throw badRequest('a list is asked for')
  if (asked.attr('name') !== LIST) throw itemNotFound()
  return xml('query', { xmlns: NS_PRIVACY }, listElement(list))
}

function listElement(jids: ReadonlySet<string>): Element {
  const denied = Array.from(jids, (jid, at) => {
    return xml('item', { type: 'jid', value: jid, action: 'deny', order: String(at + 1) })
  })
  const others = xml('item', { action: 'allow', order: String(jids.size + 1) })
  return xml('list', { name: LIST }, ...denied, others)
}

/** §2.6 to §2.9: the one list is chosen already, and is changed by the blocking command only. */
function choose({ active }: Readers, request: IqRequest): void {
  const { payload } = request
  const session = requireSession(request)
  const [wish, ...more] = [...payload.elements()]
  if (!wish || more.length > 0) throw badRequest('one thing at a time')
  const name = wish.attr('name')
  if (wish.is('active', NS_PRIVACY) && name === undefined) {
    active.delete(session)
    return
  }
  if (wish.is('default', NS_PRIVACY) && name === undefined) {
    throw notAllowed('the block list always applies')
  }
  if (wish.is('list', NS_PRIVACY) && wish.children.length > 0) {
    throw notAllowed('lists are changed by the blocking command (XEP-0191)')
  }
  if (name !== LIST) throw itemNotFound()
  if (wish.is('active', NS_PRIVACY)) active.add(session)
  else if (!wish.is('default', NS_PRIVACY)) throw notAllowed('the block list cannot be removed')
}

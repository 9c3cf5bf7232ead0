/**
 * Tells contacts what they may see of a person (RFC 6121 §4.2, §4.4, §4.5). It remembers what the
 * watchers of each view were told last and tells them the difference: the same round serves a
 * client's new presence, its end, a change of the composed state, and a change of who may see what.
 * Every watcher's access is decided at the moment at which he is told something.
 */
import type { BareJid, Jid } from '../../core/address.ts'
import { NOTHING, type Visibility } from '../../core/presence/access/access.ts'
import type { AccessChange, AccessControl } from '../../core/presence/access/access-control.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import { isGrant, type RosterItem, watches } from '../../core/presence/roster-item.ts'
import type { Session } from '../../core/sessions.ts'
import type { ContactEvent, ContactList } from '../../directory/contact-lists.ts'
import { counter } from '../../util/metrics.ts'
import { isAvailable, type LocalSessions } from '../local-sessions.ts'
import type { Rosters } from '../roster/rosters.ts'
import type { XmppSession } from '../session.ts'
import { type Announcements, type AnnouncerDeps, currentAnnouncements } from './announcements.ts'
import type { Avatars } from './avatars.ts'
import type { BusyShow } from './composed.ts'
import { addressed, type SharedText, unavailableText } from './presence-stanza.ts'
import { Round } from './round.ts'
import { Told, UNTOLD } from './told.ts'

export interface BroadcasterDeps {
  sessions: LocalSessions
  rosters: Pick<Rosters, 'get' | 'use'>
  presence: PresenceService
  access: AccessControl
  busyShow: BusyShow
  avatars: Pick<Avatars, 'known'>
}

/** Persons whose watchers are decided again without a pause, when a rule for many changes. */
const SWEEP_BATCH = 100

const stanzas = counter({
  name: 'heliograph_xmpp_presence_stanzas_total',
  help: 'Presence stanzas handed to XMPP clients of contacts.',
})

export class Broadcaster {
  readonly #deps: BroadcasterDeps
  readonly #announcer: AnnouncerDeps
  readonly #told = new Map<BareJid, Told>()
  /** Updates that wait for the contact list. */
  readonly #waiting = new Map<BareJid, Promise<void>>()
  /** One object for all questions: a broadcast asks one for each watcher. */
  readonly #asker: { address: string; account: BareJid | undefined; protocol: 'xmpp' } = {
    address: '',
    account: undefined,
    protocol: 'xmpp',
  }
  #sweeps = 0

  constructor(deps: BroadcasterDeps) {
    this.#deps = deps
    this.#announcer = deps
  }

  /** Tells contacts what changed since they were told last. Resolves, at once or later, when they are. */
  update(account: BareJid): void | Promise<void> {
    const waiting = this.#waiting.get(account)
    if (waiting !== undefined) return waiting
    const told = this.#deps.rosters.use(account, (list) => {
      this.#waiting.delete(account)
      this.#tell(account, list, 'news')
    })
    if (!told) return
    const settled = told.finally(() => this.#waiting.delete(account))
    this.#waiting.set(account, settled)
    return settled
  }

  /** Somebody may see more or less than before: at once where the contact list is in memory. */
  accessChanged({ presentity, watcher }: AccessChange): void | Promise<void> {
    if (presentity === undefined) return this.#sweep()
    const hears = this.#reviewWatchersOf(presentity, watcher)
    const sees = this.#reviewContactsOf(presentity, watcher)
    return hears && sees ? Promise.all([hears, sees]).then(() => undefined) : (hears ?? sees)
  }

  /** A contact list changed; who becomes a watcher by that is told when his subscription `begins`. */
  contactChanged({ account, contact, before, after }: ContactEvent): void {
    const watched = before !== undefined && watches(before)
    if (!watched && after && watches(after)) this.#told.get(account)?.setView(contact, UNTOLD)
  }

  /** With these words the resource goes, once `update` finds that it is gone. */
  farewell({ bare, resource }: Jid, text: SharedText): void {
    this.#told.get(bare)?.setFarewell(resource, text)
  }

  /** What those who may see this much see now; empty where the person is, or must seem, offline. */
  current(account: BareJid, visible: Visibility): Announcements {
    const told = this.#told.get(account)
    const lenders = told ? [told.of(visible)] : []
    return currentAnnouncements(this.#announcer, account, { visible, lenders })
  }

  /** Whether the contact, if he watches, has been told of this resource. */
  hasShown({ bare, resource }: Jid, contact: BareJid): boolean {
    const told = this.#told.get(bare)
    return told?.of(told.viewOf(contact)).has(resource) ?? false
  }

  /**
   * Shows a resource that became available what its user may see of a contact (RFC 6121 §4.2.2).
   * Answers false where the contact is on line and the user is not subscribed to him.
   */
  show(session: XmppSession, contact: BareJid): boolean | Promise<boolean> {
    if (this.#told.has(contact)) {
      return this.#deps.rosters.use(contact, (list) => this.#show(session, contact, list))
    }
    session.noLongerAwaits(contact)
    return true
  }

  /** A subscription begins: the watcher is sent what he may see now (RFC 6121 §3.1.5). */
  begin(account: BareJid, watcher: BareJid): void | Promise<void> {
    if (!this.#told.has(account)) return
    return this.#deps.rosters.use(account, (list) => this.#begin(account, list, watcher))
  }

  /** A subscription ends: to the watcher the person is gone (RFC 6121 §3.2.2). */
  end(account: BareJid, watcher: BareJid): void {
    const told = this.#told.get(account)
    if (!told) return
    const shown = told.of(told.viewOf(watcher))
    const texts = [...shown.keys()].map((resource) => unavailableText(`${account}/${resource}`))
    this.#send(account, watcher, this.#deps.sessions.all(watcher), texts)
    told.forget(watcher)
  }

  #tell(account: BareJid, list: ContactList, why: Turn['why']): void {
    const told = this.#told.get(account) ?? new Told()
    const round = new Round(this.#announcer, account, told)
    if (round.hasNews || why === 'access') {
      const turn = { told, round, why }
      for (const item of list.items.values()) {
        if (watches(item)) this.#bring(account, item, turn)
      }
      round.finish()
    }
    told.forgetFarewells()
    if (told.isEmpty) this.#told.delete(account)
    else this.#told.set(account, told)
  }

  #reviewWatchersOf(account: BareJid, watcher: string | undefined): void | Promise<void> {
    if (!this.#told.has(account)) return
    return this.#deps.rosters.use(account, (list) => this.#reconsider(account, list, watcher))
  }

  /** He may have blocked somebody, whose presence does not come to him then (XEP-0191 §3.3). */
  #reviewContactsOf(account: BareJid, contact: string | undefined): void | Promise<void> {
    if (!this.#deps.sessions.all(account).some(isAvailable)) return
    if (contact !== undefined) return this.#reviewWatchersOf(contact as BareJid, account)
    return this.#deps.rosters
      .get(account)
      .then(({ items }) =>
        Promise.all(Array.from(items.keys(), (one) => this.#reviewWatchersOf(one, account))),
      )
      .then(() => undefined)
  }

  #reconsider(account: BareJid, list: ContactList, watcher: string | undefined): void {
    const told = this.#told.get(account)
    if (!told) return
    const round = new Round(this.#announcer, account, told)
    // An update on its way tells everybody what he may see then, which is what he may see now.
    if (watcher === undefined || round.hasNews) {
      this.#tell(account, list, 'access')
      return
    }
    const item = list.items.get(watcher as BareJid)
    if (!item || !watches(item)) return
    this.#bring(account, item, { told, round, why: 'access' })
    round.finish()
  }

  /** Brings one watcher from what he was told to what he may see. */
  #bring(account: BareJid, item: RosterItem, { told, round, why }: Turn): void {
    const { contact } = item
    const live = this.#deps.sessions.all(contact)
    if (!live.some(isAvailable)) {
      told.forget(contact)
      return
    }
    const was = told.viewOf(contact)
    if (was === UNTOLD && why === 'access') return
    const visible = this.#visible(account, item)
    if (was !== visible) told.setView(contact, visible)
    this.#send(account, contact, live, round.texts(was, visible))
  }

  #show(session: XmppSession, contact: BareJid, list: ContactList): boolean {
    const item = list.items.get(session.account)
    const watching = item !== undefined && watches(item)
    // The user's other resources first: this one awaits the contact and hears nothing of it yet.
    if (watching) this.#reconsider(contact, list, session.account)
    session.noLongerAwaits(contact)
    if (watching) this.#sendAll(contact, item, [session])
    return watching
  }

  #begin(account: BareJid, list: ContactList, watcher: BareJid): void {
    const item = list.items.get(watcher)
    if (!item || !watches(item)) return
    // If he watched before: what is gone for him now.
    this.#reconsider(account, list, watcher)
    const live = this.#deps.sessions.all(watcher)
    if (live.some(isAvailable)) this.#sendAll(account, item, live)
  }

  /** All that the watcher may see, to these of his sessions. */
  #sendAll(account: BareJid, item: RosterItem, live: readonly Session[]): void {
    const told = this.#told.get(account)
    if (!told) return
    const round = new Round(this.#announcer, account, told)
    const visible = this.#visible(account, item)
    told.setView(item.contact, visible)
    const now = round.now(visible)
    round.finish()
    if (now.size > 0) this.#send(account, item.contact, live, Array.from(now.values(), textOf))
  }

  #send(
    account: BareJid,
    watcher: BareJid,
    live: readonly Session[],
    texts: readonly SharedText[],
  ): void {
    let count = 0
    for (const text of texts) {
      const stanza = addressed(text, watcher)
      for (const session of live) {
        if (!isAvailable(session) || session.awaits(account)) continue
        session.send(stanza)
        count += 1
      }
    }
    if (count > 0) stanzas.inc(count)
  }

  #visible(account: BareJid, item: RosterItem): Visibility {
    // XEP-0191 §3.3: of somebody whom the watcher has blocked nothing comes to him.
    if (this.#deps.access.isRefused(item.contact, account)) return NOTHING
    this.#asker.address = item.contact
    this.#asker.account = item.contact
    return this.#deps.access.decide(account, this.#asker, isGrant(item)).visible
  }

  /**
   * A rule for many changed. A later one begins anew, since it may concern those who were done.
   * One list that cannot be read keeps nobody else from being told.
   */
  async #sweep(): Promise<void> {
    this.#sweeps += 1
    const sweep = this.#sweeps
    const failures: unknown[] = []
    let count = 0
    for (const account of [...this.#told.keys()]) {
      await this.#reviewWatchersOf(account, undefined)?.catch((error) => failures.push(error))
      count += 1
      if (count % SWEEP_BATCH === 0) await new Promise((resume) => setImmediate(resume))
      if (sweep !== this.#sweeps) return
    }
    if (failures.length > 0) throw new AggregateError(failures, 'watchers not told of a rule')
  }
}

interface Turn {
  readonly told: Told
  readonly round: Round
  /** `news`: some may have something to hear. `access`: anybody may have another view. */
  readonly why: 'news' | 'access'
}

function textOf({ text }: { text: SharedText }): SharedText {
  return text
}

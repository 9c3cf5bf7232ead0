/**
 * Subscriptions between people (RFC 6121 §3), whatever protocol they ask by: requests, answers and
 * ends, each walked through the tables of appendix A on both sides, with the access rules as the
 * service provider's word (§3.1.3 rule 1 (b)). A change is stored before anybody hears of it.
 */
import type { Log } from '../../util/log.ts'
import { type BareJid, domainOf } from '../address.ts'
import type { Access } from './access/access.ts'
import type { AccessChange, AccessControl } from './access/access-control.ts'
import { ALL_LEVEL } from './access/access-level.ts'
import {
  isGrant,
  newRosterItem,
  type RosterItem,
  type Step,
  stateOf,
  stepped,
  watches,
} from './roster-item.ts'
import { inboundStep, outboundStep, type SubscriptionStanza } from './subscription.ts'
import type { SubscriptionAudience } from './subscription-audience.ts'

export type SubscriptionErrorCode =
  | 'self'
  | 'not-served'
  | 'not-a-user'
  | 'no-such-user'
  | 'no-such-contact'
  | 'list-full'
  /** Too many changes of one list at once. */
  | 'busy'

export class SubscriptionError extends Error {
  readonly code: SubscriptionErrorCode

  constructor(code: SubscriptionErrorCode, message: string) {
    super(message)
    this.name = 'SubscriptionError'
    this.code = code
  }
}

export interface ItemChange {
  readonly before: RosterItem | undefined
  readonly after: RosterItem | undefined
}

/** The contact lists. `change` must be quick and pure; the same object leaves a contact as it is. */
export interface SubscriptionStore {
  items(account: BareJid): Promise<ReadonlyMap<BareJid, RosterItem>>
  /** `stored` is called when it is stored, before others hear. Throws `SubscriptionError` `list-full`, `busy`, `no-such-user`. */
  update(
    account: BareJid,
    contact: BareJid,
    change: (item: RosterItem | undefined) => RosterItem | undefined,
    stored?: (change: ItemChange) => void,
  ): Promise<ItemChange>
  /** Who has a request to answer. */
  accountsWithRequests(): Promise<readonly BareJid[]>
}

export interface SubscriptionPeople {
  isLocal(domain: string): boolean
  exists(account: BareJid): boolean | Promise<boolean>
  /** The account that another address names. */
  accountOf(address: string): Promise<BareJid | undefined>
}

/** A request for its presentity to answer. */
export interface WaitingRequest {
  readonly watcher: BareJid
  /** As it came, if it came as a stanza. */
  readonly stanza: string | undefined
}

export interface SubscriptionsDeps {
  readonly store: SubscriptionStore
  readonly people: SubscriptionPeople
  readonly access: AccessControl
  readonly log: Log
}

/** What one side hears from the other. */
interface Arrival {
  readonly type: SubscriptionStanza
  readonly from: BareJid
  readonly stanza?: string | undefined
}

export class Subscriptions {
  readonly #deps: SubscriptionsDeps
  readonly #audiences = new Set<SubscriptionAudience>()
  /** Pairs whose subscription is being ended: no question to the presentity. */
  readonly #partings = new Set<string>()

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps
    deps.access.onChange((change) => {
      this.#accessChanged(change).catch((err: unknown) => {
        deps.log.error({ what: 'subscription_requests_not_reviewed', err })
      })
    })
  }

  addAudience(audience: SubscriptionAudience): Disposable {
    this.#audiences.add(audience)
    return { [Symbol.dispose]: () => void this.#audiences.delete(audience) }
  }

  /**
   * The user says this to a contact, for a request by any address of his.
   * Throws `SubscriptionError` where a request cannot go anywhere.
   */
  async say(user: BareJid, type: SubscriptionStanza, to: BareJid, stanza?: string): Promise<void> {
    const contact = type === 'subscribe' ? await this.#requireContact(to) : to
    if (contact === user) throw new SubscriptionError('self', 'everybody sees his own presence')
    const step = () => this.#outbound(user, type, contact, to)
    const route = await (type === 'unsubscribed' ? this.#part(user, contact, step) : step())
    if (type === 'subscribed') await this.#letIn(user, contact)
    if (!route) return
    await this.#receive(contact, { type, from: user, stanza })
    if (type === 'subscribed') this.#tell((audience) => audience.began?.(user, contact)) // §3.1.5
  }

  /** Somebody who is not of this system says this to a user. */
  hear(
    user: BareJid,
    type: SubscriptionStanza,
    from: BareJid,
    stanza: string | undefined,
  ): Promise<void> {
    return this.#receive(user, { type, from, stanza })
  }

  /** Somebody without a contact list of his own waits for a confirmation: a SIP subscription. */
  ask(presentity: BareJid, watcher: BareJid): Promise<void> {
    return this.#receive(presentity, { type: 'subscribe', from: watcher })
  }

  /**
   * Takes a contact off the list and ends what binds the two (RFC 6121 §2.5.2).
   * Throws `SubscriptionError` `no-such-contact`.
   */
  async removeContact(user: BareJid, contact: BareJid): Promise<void> {
    const { store } = this.#deps
    const item = (await store.items(user)).get(contact)
    const remove = () => store.update(user, contact, (now) => (now?.inRoster ? undefined : now))
    const isAsking = item?.inRoster && (watches(item) || item.pendingIn)
    const { before } = await (isAsking ? this.#part(user, contact, remove) : remove())
    if (!before?.inRoster) {
      throw new SubscriptionError('no-such-contact', `${contact} is not on the list`) // §2.5.3
    }
    const sees = before.subscription === 'to' || before.subscription === 'both'
    if (sees || before.pendingOut) await this.#receive(contact, { type: 'unsubscribe', from: user })
    if (watches(before)) this.#ended(user, contact, isGrant(before))
    if (before.pendingIn) this.#refused(user, contact)
    else if (watches(before)) this.#requestsChanged(user)
    if (watches(before) || before.pendingIn) {
      await this.#receive(contact, { type: 'unsubscribed', from: user })
    }
  }

  /** Requests that the presentity is to answer, whoever asked by whatever protocol. */
  async waiting(presentity: BareJid): Promise<WaitingRequest[]> {
    const items = await this.#deps.store.items(presentity)
    return [...items.values()]
      .filter((item) => item.pendingIn || watches(item))
      .filter(({ contact }) => !this.#partings.has(`${presentity} ${contact}`))
      .filter((item) => this.#decide(presentity, item.contact, isGrant(item)).asks)
      .map(({ contact, pendingInStanza }) => ({ watcher: contact, stanza: pendingInStanza }))
  }

  /** Sends unanswered requests again, for those that a crash kept from arriving (RFC 6121 §3.1.2). */
  async resendRequests(user: BareJid): Promise<void> {
    for (const { contact, pendingOut } of (await this.#deps.store.items(user)).values()) {
      if (pendingOut) await this.#receive(contact, { type: 'subscribe', from: user })
    }
  }

  /** Lets a watcher know that he is not subscribed, which ends his side too (RFC 6121 §4.3.2 rule 1). */
  refuseProbe(user: BareJid, watcher: BareJid): Promise<void> {
    return this.#receive(watcher, { type: 'unsubscribed', from: user })
  }

  // ——— the user's side

  /** Answers whether the contact is to hear of it. */
  async #outbound(
    user: BareJid,
    type: SubscriptionStanza,
    contact: BareJid,
    alias: BareJid,
  ): Promise<boolean> {
    const { store } = this.#deps
    const known = await this.#knownAs(user, contact, alias)
    let route = false
    const { before, after } = await store.update(user, contact, (item) => {
      const step = outboundStep(type, stateOf(item), item?.approved ?? false)
      route = step.route
      const word: Partial<Step> = type === 'subscribed' ? { byPolicy: false } : {}
      return stepped(item ?? known, contact, { ...step, ...word })
    })
    if (known) await store.update(user, alias, () => undefined)
    if (before && watches(before) && !(after && watches(after))) {
      this.#ended(user, contact, isGrant(before))
    } else if (isGrant(before) !== isGrant(after)) {
      this.#deps.access.grantChanged(user, contact)
    }
    const answered = before?.pendingIn === true && !after?.pendingIn
    if (answered && type === 'unsubscribed') this.#refused(user, contact)
    else if (before !== after) this.#requestsChanged(user)
    return route
  }

  /** What the user called the contact on his list, under another address (docs/adr/0012-access-control.md). */
  async #knownAs(user: BareJid, contact: BareJid, alias: BareJid): Promise<RosterItem | undefined> {
    if (alias === contact) return undefined
    const item = (await this.#deps.store.items(user)).get(alias)
    return item && { ...newRosterItem(contact), name: item.name, groups: item.groups }
  }

  /** The user's newest word about the watcher replaces his earlier ones. */
  async #letIn(user: BareJid, watcher: BareJid): Promise<void> {
    const own = { presentity: user, watcher, enforced: false, refusesMessages: false }
    await this.#deps.access.removeAll(own)
  }

  /** Keeps the watcher out first: there is no moment in which the rules would let him back in. */
  async #part<T>(user: BareJid, watcher: BareJid, end: () => Promise<T>): Promise<T> {
    const pair = `${user} ${watcher}`
    this.#partings.add(pair)
    try {
      await this.#keepOut(user, watcher)
      return await end()
    } finally {
      this.#partings.delete(pair)
    }
  }

  /** Where the rules would let the watcher back in at once, he needs the user's word from now on. */
  async #keepOut(user: BareJid, watcher: BareJid): Promise<void> {
    const { access } = this.#deps
    const own = { presentity: user, watcher, enforced: false }
    const blocked = access.rules({ ...own, action: 'block', level: ALL_LEVEL.name }).length > 0
    const letsIn = access.defaultFor(user, access.watcher(watcher, 'xmpp')).decision === 'allow'
    const confirm = {
      ...own,
      level: ALL_LEVEL.name,
      action: 'confirm',
      refusesMessages: false,
    } as const
    await access.replace({
      remove: [{ ...own, action: 'allow' }],
      put: letsIn && !blocked ? [confirm] : [],
    })
  }

  async #requireContact(to: BareJid): Promise<BareJid> {
    const { people } = this.#deps
    if (!people.isLocal(domainOf(to))) {
      if (this.#wayTo(to)) return to
      throw new SubscriptionError('not-served', `${domainOf(to)} is not a domain of this system`)
    }
    if (!to.includes('@')) throw new SubscriptionError('not-a-user', `${to} has no presence`)
    if (await people.exists(to)) return to
    const account = await people.accountOf(to)
    // §3.1.2: the user's own server says so; it keeps the contact off his roster, too.
    if (account === undefined) throw new SubscriptionError('no-such-user', `there is no ${to}`)
    return account
  }

  // ——— the contact's side

  async #receive(user: BareJid, arrival: Arrival): Promise<void> {
    const { type, from, stanza } = arrival
    if (!this.#deps.people.isLocal(domainOf(user))) {
      this.#wayTo(user)?.carry?.(from, type, user, stanza)
      return
    }
    if (!(await this.#isUser(user))) return // §8.5.1
    const access = this.#decide(user, from)
    let reply: 'subscribed' | 'unsubscribed' | undefined
    let deliver = false
    const change = (item: RosterItem | undefined) => {
      const step = inboundStep(type, stateOf(item), item?.approved ?? false)
      reply = step.reply
      deliver = step.deliver
      return stepped(item, from, step, type === 'subscribe' ? stanza : undefined)
    }
    const show = () => {
      // A request that the rules answer, or that comes from somebody blocked, is no question.
      const shown = deliver && (type !== 'subscribe' || access.asks)
      if (shown) this.#tell((audience) => audience.received?.(user, type, from, stanza))
    }
    const made = await this.#deps.store
      .update(user, from, change, show)
      .catch((error: unknown) => this.#dropped(user, error))
    if (!made) return
    await this.#received(user, arrival, made, reply)
    if (type === 'subscribe' && made.after?.pendingIn) await this.#review(user, from, access)
  }

  async #received(
    user: BareJid,
    { type, from }: Arrival,
    { before, after }: ItemChange,
    reply: 'subscribed' | 'unsubscribed' | undefined,
  ): Promise<void> {
    const ended = before !== undefined && watches(before) && !(after && watches(after))
    if (type === 'unsubscribe' && ended)
      this.#ended(user, from, isGrant(before)) // §3.3.3
    else if (isGrant(before) !== isGrant(after)) this.#deps.access.grantChanged(user, from)
    if (before?.pendingIn !== after?.pendingIn) {
      this.#requestsChanged(user)
    }
    if (!reply) return
    await this.#receive(from, { type: reply, from: user })
    if (reply === 'subscribed') this.#tell((audience) => audience.began?.(user, from))
  }

  /** What the rules say to a request that waits. */
  async #review(user: BareJid, watcher: BareJid, access: Access): Promise<void> {
    if (access.decision !== 'allow') return
    const { store, log } = this.#deps
    let route = false
    await store.update(user, watcher, (item) => {
      if (!item?.pendingIn) return item
      const step = outboundStep('subscribed', stateOf(item), item.approved)
      route = step.route
      return stepped(item, watcher, { ...step, byPolicy: true })
    })
    if (!route) return
    log.info({ what: 'subscription_approved_by_policy', user, contact: watcher })
    this.#requestsChanged(user)
    await this.#receive(watcher, { type: 'subscribed', from: user })
    this.#tell((audience) => audience.began?.(user, watcher))
  }

  /** Rules changed: some requests are answered by that, others become questions or stop being ones. */
  async #accessChanged({ presentity, watcher }: AccessChange): Promise<void> {
    const { store } = this.#deps
    const accounts = presentity === undefined ? await store.accountsWithRequests() : [presentity]
    for (const account of accounts) {
      for (const { contact, pendingIn } of (await store.items(account)).values()) {
        if (!pendingIn || (watcher !== undefined && watcher !== contact)) continue
        await this.#review(account, contact, this.#decide(account, contact))
      }
    }
    this.#requestsChanged(presentity)
  }

  // ——— both

  #decide(presentity: BareJid, watcher: BareJid, granted = false): Access {
    const { access } = this.#deps
    return access.decide(presentity, access.watcher(watcher, 'xmpp'), granted)
  }

  #ended(presentity: BareJid, watcher: BareJid, wasGrant: boolean): void {
    this.#tell((audience) => audience.ending?.(presentity, watcher))
    if (wasGrant) this.#deps.access.grantChanged(presentity, watcher)
  }

  #refused(presentity: BareJid, watcher: BareJid): void {
    this.#tell((audience) => audience.refused?.(presentity, watcher))
    this.#requestsChanged(presentity)
  }

  #requestsChanged(presentity: BareJid | undefined): void {
    this.#tell((audience) => audience.requestsChanged?.(presentity))
  }

  /** A full contact list takes no more requests: the sender's stays pending, as if nobody answered. */
  #dropped(user: BareJid, error: unknown): undefined {
    if (!(error instanceof SubscriptionError)) throw error
    this.#deps.log.info({ what: 'subscription_dropped', user, reason: error.message })
    return undefined
  }

  async #isUser(user: BareJid): Promise<boolean> {
    return user.includes('@') && (await this.#deps.people.exists(user))
  }

  /** Who can take something to an address that is not of this system. */
  #wayTo(address: BareJid): SubscriptionAudience | undefined {
    const domain = domainOf(address)
    for (const audience of this.#audiences) if (audience.reaches?.(domain)) return audience
    return undefined
  }

  #tell(tell: (audience: SubscriptionAudience) => void): void {
    for (const audience of this.#audiences) tell(audience)
  }
}

/**
 * Subscriptions between users: requests, approvals and their ends (RFC 6121 §3), each walked through
 * the tables of appendix A on both sides. A side's change is stored before anybody hears of it.
 */
import type { BareJid, Jid } from '../../core/address.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import { newRosterItem, type RosterItem } from '../../core/presence/roster-item.ts'
import {
  type InboundStep,
  inboundStep,
  type OutboundStep,
  outboundStep,
  type SubscriptionStanza,
  subscriptionState,
} from '../../core/presence/subscription.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Log } from '../../util/log.ts'
import type { Element } from '../../xml/element.ts'
import {
  itemNotFound,
  notAllowed,
  remoteServerNotFound,
  StanzaError,
  serviceUnavailable,
} from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { Rosters } from '../roster/rosters.ts'
import { type Broadcaster, watches } from './broadcaster.ts'
import { keptRequest, serverStanza, stamped } from './subscription-stanza.ts'
import { stepped } from './subscription-step.ts'

export interface SubscriptionsDeps {
  directory: Directory
  rosters: Rosters
  sessions: LocalSessions
  broadcaster: Broadcaster
  presence: PresenceService
  /** The system's policy for owners whom nobody can ask: docs/adr/0005-who-may-watch.md. */
  autoApprove(presentity: BareJid, watcher: BareJid): boolean
  log: Log
}

export class Subscriptions {
  readonly #deps: SubscriptionsDeps

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps
  }

  /** The user sends a subscription stanza. Throws `StanzaError` where a request cannot go anywhere. */
  async send(
    user: BareJid,
    type: SubscriptionStanza,
    { to, stanza }: { to: Jid; stanza: Element },
  ): Promise<void> {
    const contact = type === 'subscribe' ? await this.#requireContact(to) : to.bare
    if (contact === user) throw notAllowed('everybody sees his own presence')
    const { rosters } = this.#deps
    const alias = contact === to.bare ? undefined : await rosters.item(user, to.bare)
    const known = alias && { ...newRosterItem(contact), name: alias.name, groups: alias.groups }
    let step: OutboundStep | undefined
    const { before } = await rosters.change(user, contact, (item) => {
      step = outboundStep(type, stateOf(item), item?.approved ?? false)
      return stepped(item ?? known, contact, step)
    })
    if (alias) await rosters.change(user, alias.contact, () => undefined)
    if (!step?.route || !this.#deps.directory.isLocal(to.domain)) return
    if (type === 'unsubscribed' && before && watches(before)) {
      // §3.2.2: while the contact is still subscribed.
      this.#deps.broadcaster.sendUnavailable(user, contact)
    }
    await this.#receive(contact, type, { from: user, stanza: stamped(stanza, user, contact) })
    if (type === 'subscribed') this.#deps.broadcaster.sendCurrent(user, contact) // §3.1.5
  }

  /** Takes a contact off the roster and ends what binds the two (RFC 6121 §2.5.2). */
  async removeContact(user: BareJid, contact: BareJid): Promise<void> {
    const { before } = await this.#deps.rosters.change(user, contact, (item) =>
      item?.inRoster ? undefined : item,
    )
    if (!before?.inRoster) throw itemNotFound() // §2.5.3
    const sees = before.subscription === 'to' || before.subscription === 'both'
    if (sees || before.pendingOut) await this.#receiveFromServer(contact, 'unsubscribe', user)
    if (watches(before)) this.#deps.broadcaster.sendUnavailable(user, contact)
    if (watches(before) || before.pendingIn) {
      await this.#receiveFromServer(contact, 'unsubscribed', user)
    }
  }

  /** Requests that wait for an answer, as they came (RFC 6121 §3.1.3 rule 4). */
  async waitingRequests(user: BareJid): Promise<string[]> {
    const { items } = await this.#deps.rosters.get(user)
    return [...items.values()].flatMap((item) =>
      item.pendingIn
        ? [item.pendingInStanza ?? keptRequest(serverStanza('subscribe', item.contact, user))]
        : [],
    )
  }

  /** Sends unanswered requests again, for those that a crash kept from arriving (RFC 6121 §3.1.2). */
  async resendRequests(user: BareJid): Promise<void> {
    const { items } = await this.#deps.rosters.get(user)
    for (const { contact, pendingOut } of items.values()) {
      if (pendingOut) await this.#receiveFromServer(contact, 'subscribe', user)
    }
  }

  /** Answers the requests to somebody who is present without a client that could show them to him. */
  async answerForAbsent(user: BareJid): Promise<void> {
    if (!this.#isPresentWithoutClient(user)) return
    const { items } = await this.#deps.rosters.get(user)
    for (const { contact, pendingIn } of items.values()) {
      if (pendingIn) await this.#approveFor(user, contact)
    }
  }

  /** Lets a watcher know that he is not subscribed, which ends his side too (RFC 6121 §4.3.2 rule 1). */
  async refuseProbe(user: BareJid, watcher: BareJid): Promise<void> {
    await this.#receiveFromServer(watcher, 'unsubscribed', user)
  }

  /** The account to ask: docs/adr/0005-who-may-watch.md says why another address of a user leads to it. */
  async #requireContact({ domain, local, bare }: Jid): Promise<BareJid> {
    const { directory } = this.#deps
    if (!directory.isLocal(domain)) throw remoteServerNotFound()
    if (local === '') throw serviceUnavailable()
    if (await directory.exists(bare)) return bare
    const found = await directory.resolve(bare)
    // §3.1.2: the user's own server says so; it keeps the contact off his roster, too.
    if (found.kind !== 'user') throw itemNotFound()
    return found.account
  }

  /** As if `from` had sent it, where the server acts for him. */
  #receiveFromServer(user: BareJid, type: SubscriptionStanza, from: BareJid): Promise<void> {
    return this.#receive(user, type, { from, stanza: serverStanza(type, from, user) })
  }

  async #receive(
    user: BareJid,
    type: SubscriptionStanza,
    { from, stanza }: { from: BareJid; stanza: Element },
  ): Promise<void> {
    const { rosters, broadcaster } = this.#deps
    if (!(await this.#isLocalUser(user))) return // §8.5.1
    let step: InboundStep | undefined
    const request = type === 'subscribe' ? keptRequest(stanza) : undefined
    const change = (item: RosterItem | undefined) => {
      step = inboundStep(type, stateOf(item), item?.approved ?? false)
      return stepped(item, from, step, request)
    }
    const made = await rosters
      .change(user, from, change, () => {
        if (step?.deliver) this.#show(user, type, stanza)
      })
      .catch((error: unknown) => this.#dropped(user, error))
    if (!made || !step) return
    if (type === 'unsubscribe' && step.deliver && made.before && watches(made.before)) {
      broadcaster.sendUnavailable(user, from) // §3.3.3
    }
    if (step.reply) {
      await this.#receiveFromServer(from, step.reply, user)
      if (step.reply === 'subscribed') broadcaster.sendCurrent(user, from)
    }
    if (type === 'subscribe' && made.after?.pendingIn) await this.#answerIfAbsent(user, from)
  }

  /** §3.1.3 rule 3 shows requests to available resources, §3.1.6 and others the rest to interested ones. */
  #show(user: BareJid, type: SubscriptionStanza, stanza: Element): void {
    const { sessions } = this.#deps
    const shown = type === 'subscribe' ? sessions.available(user) : sessions.interested(user)
    for (const session of shown) session.send(stanza)
  }

  /** A full contact list takes no more requests: the sender's stays pending, as if nobody answered. */
  #dropped(user: BareJid, error: unknown): undefined {
    if (!(error instanceof StanzaError)) throw error
    this.#deps.log.info({ what: 'xmpp_subscription_dropped', user, reason: error.message })
    return undefined
  }

  async #answerIfAbsent(user: BareJid, contact: BareJid): Promise<void> {
    if (this.#isPresentWithoutClient(user)) await this.#approveFor(user, contact)
  }

  /** §3.1.3 rule 1 (c): an agreement with the service provider allows automatic approval. */
  async #approveFor(user: BareJid, contact: BareJid): Promise<void> {
    if (!this.#deps.autoApprove(user, contact)) return
    const { rosters, broadcaster, log } = this.#deps
    let step: OutboundStep | undefined
    await rosters.change(user, contact, (item) => {
      step = item?.pendingIn ? outboundStep('subscribed', stateOf(item), item.approved) : undefined
      return step ? stepped(item, contact, step) : item
    })
    if (!step?.route) return
    log.info({ what: 'xmpp_subscription_approved_by_policy', user, contact })
    await this.#receiveFromServer(contact, 'subscribed', user)
    broadcaster.sendCurrent(user, contact)
  }

  #isPresentWithoutClient(user: BareJid): boolean {
    const { sessions, presence } = this.#deps
    if (sessions.available(user).length > 0) return false
    return presence.document(user).person.state !== 'offline'
  }

  async #isLocalUser(user: BareJid): Promise<boolean> {
    const { directory } = this.#deps
    const domain = user.slice(user.indexOf('@') + 1)
    return user.includes('@') && directory.isLocal(domain) && (await directory.exists(user))
  }
}

function stateOf(item: RosterItem | undefined) {
  return item ? subscriptionState(item) : 'none'
}

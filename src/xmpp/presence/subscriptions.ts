/**
 * XMPP's part in subscriptions (RFC 6121 §3): stanzas in and out. What they do to both contact
 * lists, and what the access rules say to a request, is the core's (`core/presence/subscriptions.ts`).
 */
import type { BareJid, Jid } from '../../core/address.ts'
import type { SubscriptionStanza } from '../../core/presence/subscription.ts'
import type { SubscriptionAudience } from '../../core/presence/subscription-audience.ts'
import {
  SubscriptionError,
  type SubscriptionErrorCode,
  type Subscriptions,
} from '../../core/presence/subscriptions.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Log } from '../../util/log.ts'
import type { Element } from '../../xml/element.ts'
import { isRefusedBy, type Refusing } from '../blocking/blocked.ts'
import {
  itemNotFound,
  notAllowed,
  remoteServerNotFound,
  resourceConstraint,
  type StanzaError,
  serviceUnavailable,
} from '../errors.ts'
import { type Invitations, NS_PARS } from '../invitations/invitations.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { XmppSession } from '../session.ts'
import type { Broadcaster } from './broadcaster.ts'
import { keptRequest, serverStanza, stamped } from './subscription-stanza.ts'

export interface XmppSubscriptionsDeps {
  subscriptions: Subscriptions
  directory: Directory
  sessions: LocalSessions
  broadcaster: Broadcaster
  access: Refusing
  invitations: Invitations | undefined
  log: Log
}

const REFUSALS: Readonly<Record<SubscriptionErrorCode, (text: string) => StanzaError>> = {
  self: notAllowed,
  'not-served': remoteServerNotFound,
  'not-a-user': serviceUnavailable,
  'no-such-user': itemNotFound,
  'no-such-contact': itemNotFound,
  'list-full': () => resourceConstraint('the roster is full'),
  busy: () => resourceConstraint('too many changes at once'),
}

export class XmppSubscriptions implements SubscriptionAudience {
  readonly #deps: XmppSubscriptionsDeps
  /** Presence on its way to watchers whose subscription began. */
  readonly #beginning = new Set<Promise<void>>()

  constructor(deps: XmppSubscriptionsDeps) {
    this.#deps = deps
  }

  /**
   * The user sends a subscription stanza. Resolves when all that it brings about has been sent.
   * Throws `StanzaError` where a request cannot go anywhere.
   */
  async send(
    user: BareJid,
    type: SubscriptionStanza,
    { to, stanza }: { to: Jid; stanza: Element },
  ): Promise<void> {
    const { subscriptions } = this.#deps
    const contact = type === 'subscribe' ? await this.#asked(to.bare) : to.bare
    const arrives = stamped(stanza, user, contact)
    const text = type === 'subscribe' ? keptRequest(arrives) : arrives.toString(NS_CLIENT)
    const asked = await this.#redeem(user, type, { contact, stanza })
    await subscriptions.say(user, type, to.bare, text).catch(refuse)
    await asked?.()
    await Promise.all(this.#beginning)
  }

  /** With an invitation, the contact lets the user in, and asks him in turn (XEP-0379 §3.5). */
  async #redeem(
    user: BareJid,
    type: SubscriptionStanza,
    { contact, stanza }: { contact: BareJid; stanza: Element },
  ): Promise<(() => Promise<void>) | undefined> {
    const { invitations, access } = this.#deps
    const token = type === 'subscribe' ? stanza.child('preauth', NS_PARS)?.attr('token') : undefined
    if (!invitations || token === undefined || isRefusedBy(access, contact, user)) return undefined
    return await invitations.redeem(token, { inviter: contact, guest: user }).catch(refuse)
  }

  /** Throws `StanzaError`. */
  async removeContact(user: BareJid, contact: BareJid): Promise<void> {
    await this.#deps.subscriptions.removeContact(user, contact).catch(refuse)
  }

  /** Shows a resource what waits for its user's answer (RFC 6121 §3.1.3 rule 4). */
  async offer(session: XmppSession): Promise<void> {
    await this.#offer(session.account, [session])
  }

  /** Sends unanswered requests again, for those that a crash kept from arriving (RFC 6121 §3.1.2). */
  resendRequests(user: BareJid): Promise<void> {
    return this.#deps.subscriptions.resendRequests(user)
  }

  refuseProbe(user: BareJid, watcher: BareJid): Promise<void> {
    return this.#deps.subscriptions.refuseProbe(user, watcher)
  }

  /** §3.1.3 rule 3 shows requests to available resources, §3.1.6 and others the rest to interested ones. */
  received(
    user: BareJid,
    type: SubscriptionStanza,
    contact: BareJid,
    stanza: string | undefined,
  ): void {
    const { sessions, access } = this.#deps
    if (isRefusedBy(access, user, contact)) return // XEP-0191 §3.3
    const text = stanza ?? serverStanza(type, contact, user).toString(NS_CLIENT)
    if (type !== 'subscribe') {
      for (const session of sessions.interested(user)) session.send(text)
      return
    }
    for (const session of sessions.available(user)) {
      session.offered ??= new Set()
      session.offered.add(contact)
      session.send(text)
    }
  }

  began(presentity: BareJid, watcher: BareJid): void {
    const { broadcaster, log } = this.#deps
    const told = broadcaster.begin(presentity, watcher)
    if (!told) return
    const beginning = told
      .catch((err: unknown) => log.error({ what: 'xmpp_presence_not_shown', presentity, err }))
      .finally(() => this.#beginning.delete(beginning))
    this.#beginning.add(beginning)
  }

  ending(presentity: BareJid, watcher: BareJid): void {
    this.#deps.broadcaster.end(presentity, watcher)
  }

  /** A rule that changed makes a question of what was none: it is asked now, not at the next sign-in. */
  requestsChanged(presentity: BareJid | undefined): void {
    const offered = presentity === undefined ? this.#offerAll() : this.#offerLive(presentity)
    offered.catch((err: unknown) => {
      this.#deps.log.error({ what: 'xmpp_requests_not_offered', presentity, err })
    })
  }

  async #offerAll(): Promise<void> {
    const accounts = await this.#deps.directory.contacts.accountsWithRequests()
    for (const account of accounts) await this.#offerLive(account)
  }

  async #offerLive(user: BareJid): Promise<void> {
    const available = this.#deps.sessions.available(user)
    if (available.length > 0) await this.#offer(user, available)
  }

  async #offer(user: BareJid, sessions: readonly XmppSession[]): Promise<void> {
    const waiting = await this.#deps.subscriptions.waiting(user)
    for (const session of sessions) {
      if (session.presence === undefined) continue
      const before = session.offered
      session.offered =
        waiting.length > 0 ? new Set(waiting.map(({ watcher }) => watcher)) : undefined
      for (const { watcher, stanza } of waiting) {
        if (before?.has(watcher)) continue
        session.send(stanza ?? keptRequest(serverStanza('subscribe', watcher, user)))
      }
    }
  }

  /** The account that a request is for: docs/adr/0012-access-control.md says why an alias leads to it. */
  async #asked(address: BareJid): Promise<BareJid> {
    const { directory } = this.#deps
    if (await directory.exists(address)) return address
    const found = await directory.resolve(address)
    return found.kind === 'user' ? found.account : address
  }
}

function refuse(error: unknown): never {
  if (error instanceof SubscriptionError) throw REFUSALS[error.code](error.message)
  throw error
}

/** Presence that clients send: broadcast (RFC 6121 §4), directed (§4.6), subscriptions (§3), probes. */
import { type BareJid, type Jid, parseJid } from '../../core/address.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Element } from '../../xml/element.ts'
import { isRefusedBy, type Refusing, requireNotBlocked } from '../blocking/blocked.ts'
import type { Components } from '../components/components.ts'
import { badRequest, jidMalformed, remoteServerNotFound } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { Notices } from '../notices/notices.ts'
import type { XmppSession } from '../session.ts'
import { withAvatar } from './avatars.ts'
import type { Broadcaster } from './broadcaster.ts'
import type { DirectedPresence } from './directed-presence.ts'
import type { PresenceSource } from './presence-source.ts'
import {
  addressed,
  parseAvailability,
  presenceKind,
  type SharedText,
  sharedText,
  statusOf,
  unavailableText,
} from './presence-stanza.ts'
import type { Probes } from './probes.ts'
import type { XmppSubscriptions } from './subscriptions.ts'

export interface PresenceHandlerDeps {
  sessions: LocalSessions
  directory: Directory
  access: Refusing
  source: PresenceSource
  broadcaster: Broadcaster
  subscriptions: XmppSubscriptions
  directed: DirectedPresence
  probes: Probes
  messaging: Messaging
  notices: Pick<Notices, 'greet'> | undefined
  components: Pick<Components, 'find'>
}

export class PresenceHandler {
  readonly #deps: PresenceHandlerDeps

  constructor(deps: PresenceHandlerDeps) {
    this.#deps = deps
  }

  handle(session: XmppSession, stanza: Element): void | Promise<void> {
    const kind = presenceKind(stanza)
    const address = stanza.attr('to')
    if (address === undefined) {
      if (kind === 'available') return this.#available(session, stanza)
      if (kind === 'unavailable') return this.#goodbye(session, stanza)
      if (kind === 'error') return
      throw badRequest('this presence needs an address')
    }
    const to = parseJid(address)
    if (!to) throw jidMalformed()
    requireNotBlocked(this.#deps.access, session.account, to)
    switch (kind) {
      case 'available':
      case 'unavailable':
      case 'error':
        return this.#direct(session, stanza, to, kind)
      case 'probe':
        this.#requireLocal(to)
        return this.#deps.probes.answer(session, stanza, to)
      default:
        return this.#deps.subscriptions.send(session.account, kind, { to, stanza })
    }
  }

  #direct(
    session: XmppSession,
    stanza: Element,
    to: Jid,
    kind: 'available' | 'unavailable' | 'error',
  ): void | Promise<void> {
    const { access, directed } = this.#deps
    if (kind === 'available') {
      parseAvailability(stanza)
      if (!this.#deps.components.find(to.domain)) this.#requireLocal(to)
      const later = this.#lookUpAvatar(session)
      if (later !== undefined) return later.then(() => this.#direct(session, stanza, to, kind))
    }
    // XEP-0191 §3.3: no answer, no error.
    if (isRefusedBy(access, to.bare, session.account)) return
    if (kind === 'available') directed.send(session, this.#dressed(session, stanza), to)
    else if (kind === 'unavailable') directed.withdraw(session, stanza, to)
    // Somebody's client sent what this answers: an error for nobody in particular is for nobody.
    else if (to.resource !== '') directed.deliver(stanza, to)
  }

  /** His clients show his new picture, or none any more. */
  avatarChanged(account: BareJid): void | Promise<void> {
    const { sessions, broadcaster, directory } = this.#deps
    const avatar = directory.avatar(account)
    if (avatar instanceof Promise) return avatar.then(() => this.avatarChanged(account))
    for (const session of sessions.connected(account)) {
      session.avatar = avatar ?? null
      const { presence } = session
      if (!presence) continue
      session.presence = this.#dressed(session, presence)
      if (session.presence !== presence) this.#toOwn(session, sharedText(session.presence))
    }
    return broadcaster.update(account)
  }

  /** The stream is gone, with or without a goodbye (RFC 6121 §4.5.2). */
  closed(session: XmppSession): void | Promise<void> {
    session.interested = false
    return this.#unavailable(session, unavailableText(session.jid.full), undefined)
  }

  #available(session: XmppSession, said: Element): void | Promise<void> {
    const availability = parseAvailability(said)
    const later = this.#lookUpAvatar(session)
    if (later !== undefined) return later.then(() => this.#available(session, said))
    const stanza = this.#dressed(session, said)
    const { source, broadcaster, sessions, messaging } = this.#deps
    const others = sessions.available(session.account).filter((other) => other !== session)
    const initial = session.presence === undefined
    const reachable = !initial && (session.priority ?? -1) >= 0
    if (initial) session.awaiting = 'all'
    session.presence = stanza
    session.priority = availability.priority
    source.report(session, availability)
    this.#toOwn(session, sharedText(stanza)) // §4.2.2: everybody is subscribed to himself
    const told = broadcaster.update(session.account)
    const drain = !reachable && availability.priority >= 0
    if (!initial && !drain) return told
    return this.#settleIn(session, others, initial, told).then(() => {
      const greeted = initial ? this.#deps.notices?.greet(session) : undefined
      if (greeted !== undefined)
        return greeted.then(() => (drain ? messaging.drainOffline(session) : undefined))
      // XEP-0160 §2: when the recipient next sends non-negative available presence.
      return drain ? messaging.drainOffline(session) : undefined
    })
  }

  /** Looked up once for each client; later changes are told it. */
  #lookUpAvatar(session: XmppSession): undefined | Promise<unknown> {
    if (session.avatar !== undefined) return undefined
    const avatar = this.#deps.directory.avatar(session.account)
    if (avatar instanceof Promise) return avatar
    session.avatar = avatar ?? null
    return undefined
  }

  #dressed({ avatar }: XmppSession, stanza: Element): Element {
    return withAvatar(stanza, avatar ?? undefined)
  }

  /** What a resource that just became available has missed (RFC 6121 §4.2.2, §3.1.3). */
  async #settleIn(
    session: XmppSession,
    others: readonly XmppSession[],
    initial: boolean,
    told: void | Promise<void>,
  ): Promise<void> {
    const { account } = session
    const { subscriptions, probes } = this.#deps
    try {
      await told
      if (!initial) return
      for (const { presence } of others) {
        if (presence) session.send(addressed(sharedText(presence), account))
      }
      await subscriptions.offer(session)
      await probes.sendAll(session)
    } finally {
      session.awaiting = undefined
    }
    if (others.length === 0) await subscriptions.resendRequests(account)
  }

  #goodbye(session: XmppSession, stanza: Element): void | Promise<void> {
    const text = sharedText(stanza)
    // §4.5.2: also to the resource that said it; those that are still available follow.
    if (session.presence) session.send(addressed(text, session.account))
    return this.#unavailable(session, text, statusOf(stanza))
  }

  #unavailable(
    session: XmppSession,
    text: SharedText,
    words: string | undefined,
  ): void | Promise<void> {
    const { source, broadcaster, directed, directory } = this.#deps
    const available = session.presence !== undefined
    session.presence = undefined
    session.priority = undefined
    session.offered = undefined
    const ended = directed.end(session, text, available)
    if (!available) return ended
    broadcaster.farewell(session.jid, text)
    directory.lastActivity.withWords(words, () => source.withdraw(session))
    this.#toOwn(session, text)
    const told = broadcaster.update(session.account)
    return told && ended ? Promise.all([told, ended]).then(() => undefined) : (told ?? ended)
  }

  #toOwn({ account }: XmppSession, text: SharedText): void {
    const own = this.#deps.sessions.available(account)
    if (own.length === 0) return
    const stanza = addressed(text, account)
    for (const session of own) session.send(stanza)
  }

  #requireLocal({ domain }: Jid): void {
    if (!this.#deps.directory.isLocal(domain)) throw remoteServerNotFound()
  }
}

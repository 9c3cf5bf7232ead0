/** Messages that clients send (RFC 6121 §5); who gets them is the core's to say. */
import { type Jid, requireJid } from '../../core/address.ts'
import { copyTo } from '../../core/messaging/copies.ts'
import type { DeliveryOutcome } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Element } from '../../xml/element.ts'
import { errorReply, serviceUnavailable } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { isSynthetic } from '../presence/announcements.ts'
import type { XmppSession } from '../session.ts'
import { type Amp, rulesOf } from './amp/amp.ts'
import { refusalError } from './refusals.ts'
import { XmppMessage } from './xmpp-message.ts'

export interface MessageHandlerDeps {
  messaging: Messaging
  directory: Directory
  sessions: LocalSessions
  amp: Amp
}

export class MessageHandler {
  readonly #deps: MessageHandlerDeps

  constructor(deps: MessageHandlerDeps) {
    this.#deps = deps
  }

  /** `to` is the sender's own bare JID where the stanza names nobody (RFC 6120 §10.3.1). */
  handle(session: XmppSession, stanza: Element, to: Jid): void | Promise<void> {
    if (to.local === '' && this.#deps.directory.isLocal(to.domain)) throw serviceUnavailable()
    if (rulesOf(stanza)) return this.#handleByRules(session, stanza, to)
    return this.#send(session, stanza, new XmppMessage(stanza, session.jid, this.#routedTo(to)))
  }

  async #handleByRules(session: XmppSession, stanza: Element, to: Jid): Promise<void> {
    const message = await this.#deps.amp.process(session, stanza, this.#routedTo(to))
    if (message) await this.#send(session, stanza, message)
  }

  #send(session: XmppSession, stanza: Element, message: XmppMessage): void | Promise<void> {
    const outcome = this.#deps.messaging.send(message, session)
    if (!(outcome instanceof Promise)) {
      if (outcome.kind === 'delivered') return
      return this.#settle(session, { stanza, message }, outcome)
    }
    return outcome.then((settled) => this.#settle(session, { stanza, message }, settled))
  }

  #settle(session: XmppSession, sent: Sent, outcome: DeliveryOutcome): void {
    if (outcome.kind === 'refused') {
      const reply = errorReply(sent.stanza, refusalError(outcome.refusal))
      if (reply) this.#bounce(session, sent, reply)
    } else if (outcome.kind === 'relayed') {
      // A phone may take half a minute not to answer; the stream does not wait for it.
      void outcome.final.then((final) => this.#settle(session, sent, final))
    }
  }

  /** XEP-0280 §6.1: who was told that it was sent is told that it was not. */
  #bounce(session: XmppSession, { message }: Sent, reply: Element): void {
    session.send(reply)
    const others = this.#deps.sessions
      .connected(session.account)
      .filter((other) => other.takesCopies && other !== session)
    if (others.length === 0 || !message.isCopied('sent')) return
    copyTo(others, new XmppMessage(reply, message.to, session.jid), 'received')
  }

  /** A made-up resource takes no messages of its own: they are for the person. */
  #routedTo(to: Jid): Jid {
    if (!isSynthetic(to.resource) || this.#deps.sessions.get(to.bare, to.resource)) return to
    return requireJid(to.bare)
  }
}

interface Sent {
  readonly stanza: Element
  readonly message: XmppMessage
}

/** Messages that clients send (RFC 6121 §5); who gets them is the core's to say. */
import { type Jid, requireJid } from '../../core/address.ts'
import type { DeliveryOutcome } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Element } from '../../xml/element.ts'
import { errorReply, serviceUnavailable } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { isSynthetic } from '../presence/announcements.ts'
import type { XmppSession } from '../session.ts'
import { refusalError } from './refusals.ts'
import { XmppMessage } from './xmpp-message.ts'

export interface MessageHandlerDeps {
  messaging: Messaging
  directory: Directory
  sessions: LocalSessions
}

export class MessageHandler {
  readonly #deps: MessageHandlerDeps

  constructor(deps: MessageHandlerDeps) {
    this.#deps = deps
  }

  /** `to` is the sender's own bare JID where the stanza names nobody (RFC 6120 §10.3.1). */
  handle(session: XmppSession, stanza: Element, to: Jid): void | Promise<void> {
    if (to.local === '' && this.#deps.directory.isLocal(to.domain)) throw serviceUnavailable()
    const message = new XmppMessage(stanza, session.jid, this.#routedTo(to))
    const outcome = this.#deps.messaging.send(message, session)
    if (!(outcome instanceof Promise)) return settle(session, stanza, outcome)
    return outcome.then((settled) => settle(session, stanza, settled))
  }

  /** A made-up resource takes no messages of its own: they are for the person. */
  #routedTo(to: Jid): Jid {
    if (!isSynthetic(to.resource) || this.#deps.sessions.get(to.bare, to.resource)) return to
    return requireJid(to.bare)
  }
}

function settle(session: XmppSession, stanza: Element, outcome: DeliveryOutcome): void {
  if (outcome.kind === 'refused') {
    const reply = errorReply(stanza, refusalError(outcome.refusal))
    if (reply) session.send(reply)
  } else if (outcome.kind === 'relayed') {
    // A phone may take half a minute not to answer; the stream does not wait for it.
    void outcome.final.then((final) => settle(session, stanza, final))
  }
}

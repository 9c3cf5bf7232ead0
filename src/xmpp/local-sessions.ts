/** The XMPP streams among an account's sessions, by what they take part in. */
import type { BareJid } from '../core/address.ts'
import type { Session, Sessions } from '../core/sessions.ts'
import { XmppSession } from './session.ts'

export class LocalSessions {
  readonly #sessions: Sessions

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  /** Of every protocol, in the order they were bound. Do not keep the array: it is the live one. */
  all(account: BareJid): readonly Session[] {
    return this.#sessions.of(account)
  }

  /** Connected resources (RFC 6120 §7): bound, available or not. */
  connected(account: BareJid): XmppSession[] {
    return this.#sessions.of(account).filter(isXmpp)
  }

  /** Available resources (RFC 6121 §4.1): those that have sent presence. */
  available(account: BareJid): XmppSession[] {
    return this.#sessions.of(account).filter(isAvailable)
  }

  /** Interested resources (RFC 6121 §2.1.6): those that have asked for the roster. */
  interested(account: BareJid): XmppSession[] {
    return this.#sessions.of(account).filter(isInterested)
  }

  get(account: BareJid, resource: string): XmppSession | undefined {
    const session = this.#sessions.get(account, resource)
    return session && isXmpp(session) ? session : undefined
  }
}

function isXmpp(session: Session): session is XmppSession {
  return session instanceof XmppSession
}

export function isAvailable(session: Session): session is XmppSession {
  return session instanceof XmppSession && session.presence !== undefined
}

function isInterested(session: Session): session is XmppSession {
  return session instanceof XmppSession && session.interested
}

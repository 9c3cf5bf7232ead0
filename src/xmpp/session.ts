/** One bound resource: what the rest of XMPP sees of a client's stream (RFC 6120 §7). */
import type { BareJid, Jid } from '../core/address.ts'
import {
  type CopyDirection,
  DELIVERED,
  type DeliveryOutcome,
  type InstantMessage,
  refused,
} from '../core/messaging/message.ts'
import type { Session } from '../core/sessions.ts'
import { counter } from '../util/metrics.ts'
import type { Element } from '../xml/element.ts'
import type { StreamError } from './errors.ts'
import { renderCarbon } from './messages/carbon.ts'
import { renderMessage } from './messages/render.ts'
import { NS_CLIENT } from './namespaces.ts'
import type { Unacknowledged } from './stream-management/outbox.ts'

const sent = counter({
  name: 'heliograph_xmpp_stanzas_sent_total',
  help: 'Stanzas that were handed to the streams of clients.',
})

/** The stream under a session. */
export interface Wire {
  /** Queues text for the socket; false once the stream is closed. `isCopy` where other clients of his get it too. */
  write(text: string, isCopy?: boolean): boolean
  /** Resolves when the system has what was queued so far; with false where the stream ended first. */
  flushed(): Promise<boolean>
  /** Whether `flushed` waits for acknowledgements of the client. */
  readonly acknowledges?: boolean | undefined
  close(error?: StreamError): void
}

export class XmppSession implements Session {
  readonly jid: Jid
  readonly protocol = 'xmpp'
  #wire: Wire
  /** The last available presence as broadcast (RFC 6121 §4.2); `undefined` while unavailable. */
  presence: Element | undefined
  /** Set with `presence`. */
  priority: number | undefined
  /** Hash of its person's picture (XEP-0153), once it was looked up; `null` where he has none. */
  avatar: string | null | undefined
  /** Has asked for carbons (XEP-0280 §4). */
  takesCopies = false
  /** Has asked for what waits (XEP-0013 §2.2). */
  readsMailbox = false
  /** Has asked for the roster and gets pushes (RFC 6121 §2.1.6). */
  interested = false
  /** Set once it has asked for the block list: the addresses as it knows them (XEP-0191 §3.2). */
  blockList: ReadonlySet<string> | undefined
  /** Where directed presence went (RFC 6121 §4.6.2), full or bare JIDs. */
  directed: Set<string> | undefined
  /** Contacts that it has yet to be shown since it became available; `all` until its roster is read. */
  awaiting: Set<BareJid> | 'all' | undefined
  /** Whose requests it was shown (RFC 6121 §3.1.3). */
  offered: Set<BareJid> | undefined
  /** Which of the account's clients it is, where it said so (XEP-0388 §2.3): a hash of its id. */
  client: string | undefined
  /** Set when the stream has ended: settles when everybody who has to be told has been. */
  departure: Promise<void> | undefined

  constructor(jid: Jid, wire: Wire) {
    this.jid = jid
    this.#wire = wire
  }

  /** What it writes to from now on. */
  get wire(): Wire {
    return this.#wire
  }

  set wire(wire: Wire) {
    this.#wire = wire
  }

  get account(): BareJid {
    return this.jid.bare
  }

  get resource(): string {
    return this.jid.resource
  }

  /** Whether it will be shown this contact as he is then, and so needs no news of him before. */
  awaits(contact: BareJid): boolean {
    if (this.awaiting === undefined) return false
    return this.awaiting === 'all' || this.awaiting.has(contact)
  }

  noLongerAwaits(contact: BareJid): void {
    if (this.awaiting !== 'all') this.awaiting?.delete(contact)
  }

  /** Queues a stanza, built or serialised; false once the stream is closed. */
  send(stanza: Element | string): boolean {
    sent.inc()
    return this.#wire.write(typeof stanza === 'string' ? stanza : stanza.toString(NS_CLIENT))
  }

  /** Ends the stream, with an error or without. */
  close(error?: StreamError): void {
    this.#wire.close(error)
  }

  deliver(message: InstantMessage, isCopy = false): DeliveryOutcome {
    sent.inc()
    const stanza = renderMessage(message, this.account)
    return this.#wire.write(stanza, isCopy) ? DELIVERED : refused('unreachable')
  }

  /** Of a message that another client has. */
  copy(message: InstantMessage, direction: CopyDirection): void {
    sent.inc()
    this.#wire.write(renderCarbon(message, this.jid, direction), true)
  }

  flushed(): Promise<boolean> {
    return this.#wire.flushed()
  }

  get acknowledges(): boolean {
    return this.#wire.acknowledges === true
  }
}

/** What a client may have turned on together with its resource (XEP-0386). */
export interface BindFeature {
  /** The namespace of what the client asks for it with; it is offered by that name. */
  readonly ns: string
  /** The session has begun, and was not sent anything. Answers what its client is told, where anything is. */
  enable(session: XmppSession, wish: Element): Element | undefined
}

/** What becomes of a session's stanzas: the layer above streams. */
export interface StanzaHandler {
  /**
   * Takes one stanza whose `from` is the session's full JID. The stream reads no further while the
   * promise is pending (RFC 6120 §10.1). Throws `StanzaError`, which is answered.
   */
  stanza(session: XmppSession, stanza: Element): void | Promise<void>
  bound(session: XmppSession): void
  /**
   * The session is unbound. No stanza of it is being worked on any more, and its resource is not
   * bound again before the promise settles.
   */
  closed(session: XmppSession): void | Promise<void>
  /** The session's client has gone, and may come back for these, which it has not acknowledged: oldest first, some at least. */
  clientLost(session: XmppSession, stanzas: readonly Unacknowledged[]): void
  /** As they are while the client is away; the last was written now. */
  waits(session: XmppSession, stanzas: readonly Unacknowledged[]): void
  /**
   * Stanzas that a session which has gone was sent, and did not acknowledge (XEP-0198 §4), oldest first: they
   * are for others, or for later, or go back.
   */
  undelivered(session: XmppSession, stanzas: readonly Unacknowledged[]): Promise<void>
  /** Stream features offered to a client that has signed in, in this order (RFC 6120 §4.3.2). */
  readonly features: readonly Element[]
  readonly bindFeatures?: readonly BindFeature[] | undefined
  /** Who answers clients that have not signed in; nobody, where absent. */
  readonly guests?: GuestHandler | undefined
}

/** A client that has not signed in. */
export interface Guest {
  /** The domain that its stream is to. */
  readonly domain: string
  /** Where it comes from, as limits per address see it: an IPv4 address or a /64 of IPv6. */
  readonly remoteAddress: string
}

export interface GuestHandler {
  /** Stream features offered before sign-in. */
  readonly features: readonly Element[]
  /** Answers an iq of type get or set with the payload of its result. Throws `StanzaError`. */
  iq(guest: Guest, iq: Element): Promise<Element | undefined>
}

/** A session whose stanzas are counted, and which may go on on another stream (XEP-0198). */
import type { Timer } from '../../util/clock.ts'
import type { XmppSession } from '../session.ts'
import type { Outbox } from './outbox.ts'
import { StanzaCount } from './stanza-count.ts'

/** The stream that carries the session now. */
export interface Carrier {
  /** Gives the session up, with what it said last where that is being worked on. */
  release(): Promise<void> | undefined
}

export interface Resumable {
  /** A secret: whoever signed in and knows it gets the session. */
  readonly id: string
  /** How long it waits for its client, milliseconds. */
  readonly forMs: number
}

export class ManagedSession {
  readonly session: XmppSession
  readonly outbox: Outbox
  readonly resumable: Resumable | undefined
  /** Stanzas of the client that have been handled. */
  readonly handled = new StanzaCount()
  carrier: Carrier | undefined
  /** What was said on the last stream, and is being worked on still. */
  inHand: Promise<void> | undefined
  /** Runs while nobody carries it. */
  deadline: Timer | undefined

  constructor(session: XmppSession, outbox: Outbox, resumable: Resumable | undefined) {
    this.session = session
    this.outbox = outbox
    this.resumable = resumable
  }
}

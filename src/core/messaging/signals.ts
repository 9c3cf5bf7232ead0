/**
 * What a message says beside its text, for those protocols that have words for it: whether somebody types, what is
 * to be told of the message, what became of another one, and who else was written to.
 */

/** XEP-0085 §2; RFC 3994 §3.1 knows `composing` and everything else. */
export type ChatState = 'active' | 'composing' | 'paused' | 'inactive' | 'gone'

/** What a sender can ask to be told (XEP-0184, XEP-0333; RFC 5438 §5). */
export type Wanted = 'delivered' | 'displayed' | 'failed' | 'processed'

/** What became of a message; `stored` and `processed` are what a server did with it. */
export type Fate = 'delivered' | 'displayed' | 'failed' | 'processed' | 'stored'

export interface Report {
  readonly fate: Fate
  /** The id of the message that it is about, as its sender gave it. */
  readonly id: string
}

/** One of several recipients, as all of them may see him (XEP-0033 §4.6, RFC 5364 §4). */
export interface Addressee {
  readonly copy: 'to' | 'cc' | 'bcc'
  /** A JID, or a URI of another scheme than `xmpp`. */
  readonly address: string
  /** So many whose names are not shown (RFC 5364 §4); then `address` says nothing. */
  readonly anonymous?: number
}

/** What is absent is not said. */
export interface Signals {
  readonly state?: ChatState
  readonly wants?: readonly Wanted[]
  readonly report?: Report
  readonly addressees?: readonly Addressee[]
  /** The URI of the service that it was sent to, for all of them (RFC 5438 §6.4). */
  readonly list?: string
}

/** Nothing is worth an object of its own. */
export function signalsOf(said: Partial<Mutable<Signals>>): Signals | undefined {
  return Object.keys(said).length > 0 ? said : undefined
}

type Mutable<T> = { -readonly [K in keyof T]?: T[K] }

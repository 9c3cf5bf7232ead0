/** An instant message as the core sees it, whatever protocol it came in by and leaves by. */
import type { Jid } from '../address.ts'
import type { Signals } from './signals.ts'

/** RFC 6121 §5.2.2; a SIP MESSAGE is `chat`. */
export type MessageType = 'chat' | 'normal' | 'headline' | 'groupchat' | 'error'

export type Protocol = 'xmpp' | 'sip' | 'api'

/** What a copy tells a client: that another client of the person sent a message, or got one. */
export type CopyDirection = 'sent' | 'received'

export interface InstantMessage {
  readonly from: Jid
  readonly to: Jid
  readonly type: MessageType
  readonly id: string | undefined
  /** The conversation (RFC 6121 §5.2.5). */
  readonly thread: string | undefined
  readonly subject: string | undefined
  /** Plain text; `undefined` where the message only carries extensions (a chat state, a receipt). */
  readonly body: string | undefined
  readonly origin: Protocol
  /** What it says beside its text, where edges of other protocols can say it, too. */
  readonly signals?: Signals | undefined
  /** When the message entered the system, milliseconds since the epoch; set where it was kept for later (XEP-0203). */
  readonly delayedSince: number | undefined
  /** Worth keeping for an absent user (XEP-0160 §3, RFC 6121 §8.5.2.2): false for pure chat states and the like. */
  readonly storable: boolean
  /** Not to be kept for good, in a mailbox or an archive; it may wait to be delivered (XEP-0334 §4.1). */
  readonly offTheRecord?: boolean
  /** Whether other clients of the one who sent it, or got it, are to see it (XEP-0280 §6); they are, where absent. */
  isCopied?(direction: CopyDirection): boolean
  /** The id by which the recipient's account knows it: see `stable-id.ts`. */
  stableId?: string | undefined
  /** It is not delivered after this instant, milliseconds since the epoch (XEP-0079 §3.3.2). */
  expiresAt?: number | undefined
  /**
   * The message in the words of its own protocol, which an edge of the same protocol sends on unchanged
   * (for XMPP the stanza's XML). The core stores it and never reads it.
   */
  native(): string | undefined
}

/** Why a message did not reach anybody. Each edge has its own words for each. */
export type Refusal =
  | 'no-such-user' // no account of this name in a domain of ours
  | 'unreachable' // the account has nobody to take it, and it was not one to keep
  | 'no-such-domain' // neither ours nor one that we can reach
  | 'not-acceptable' // the recipient's client cannot take this type of content
  | 'too-large'
  | 'forbidden' // the sender himself has blocked the recipient; a recipient's block is 'unreachable'
  | 'mailbox-full' // the recipient's offline store is full
  | 'timeout' // the recipient's client did not answer
  | 'overloaded'
  | 'internal'

export type DeliveryOutcome =
  | { kind: 'delivered' } // at least one client of the recipient has it
  | { kind: 'stored' } // kept until he signs in
  | { kind: 'dropped' } // silently, as the protocol asks (headlines, errors)
  | { kind: 'refused'; refusal: Refusal }
  /**
   * On its way to clients that answer in their own time (SIP). `final` never rejects and never holds `relayed` again.
   * An XMPP stream goes on with its next stanza and bounces later if it must; a SIP sender waits for `final`.
   */
  | { kind: 'relayed'; final: Promise<DeliveryOutcome> }

export const DELIVERED: DeliveryOutcome = { kind: 'delivered' }
export const STORED: DeliveryOutcome = { kind: 'stored' }
export const DROPPED: DeliveryOutcome = { kind: 'dropped' }

export function refused(refusal: Refusal): DeliveryOutcome {
  return { kind: 'refused', refusal }
}

/** Of somebody who is merely not there: what is worth keeping waits for him. */
export function isAbsence(refusal: Refusal): boolean {
  return refusal === 'unreachable' || refusal === 'timeout' || refusal === 'overloaded'
}

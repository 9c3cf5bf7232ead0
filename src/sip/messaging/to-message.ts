/** A MESSAGE that was read, as the core's. */
import type { Jid } from '../../core/address.ts'
import type { InstantMessage } from '../../core/messaging/message.ts'
import { type Signals, signalsOf, type Wanted } from '../../core/messaging/signals.ts'
import type { SipIdentity } from '../auth/identity.ts'
import type { SipRequest } from '../message/message.ts'
import { parseDate, parseExpires } from '../message/values.ts'
import type { Content } from './content.ts'
import type { CpimMessage } from './cpim.ts'
import type { SendingClient } from './incoming.ts'

export interface ReadMessage {
  readonly request: SipRequest
  readonly content: Content
  readonly identity: SipIdentity
  /** The registered client that it came from. */
  readonly client: SendingClient | undefined
}

export interface Ends {
  readonly from: Jid
  readonly to: Jid
}

/** RFC 5438 §6.2. */
const DISPOSITIONS: Readonly<Record<string, Wanted>> = {
  'positive-delivery': 'delivered',
  'negative-delivery': 'failed',
  display: 'displayed',
  processing: 'processed',
}

export function toMessage(
  { request: { headers }, content }: ReadMessage,
  ends: Ends,
  said: Signals,
): InstantMessage {
  const { cpim } = content
  const wants = wantsOf(cpim)
  return {
    ...ends,
    type: 'chat',
    id: cpim?.messageId ?? headers.get('Call-ID'),
    thread: undefined,
    subject: cpim?.subject ?? headers.get('Subject'),
    body: content.kind === 'text' ? content.text : undefined,
    origin: 'sip',
    delayedSince: undefined,
    storable: true,
    signals: signalsOf({ ...said, ...(wants.length > 0 && { wants }) }),
    native: () => undefined,
  }
}

/** Without an id nothing could be told of it (RFC 5438 §7.1.1.1). */
function wantsOf(cpim: CpimMessage | undefined): Wanted[] {
  if (cpim?.messageId === undefined) return []
  return cpim.dispositionNotification.flatMap((one) => DISPOSITIONS[one] ?? [])
}

/** A message that is no text. What is said of a message waits for its sender; what somebody does now does not. */
export function toNotice(ends: Ends, signals: Signals, id?: string): InstantMessage {
  return {
    ...ends,
    type: 'chat',
    id,
    thread: undefined,
    subject: undefined,
    body: undefined,
    origin: 'sip',
    delayedSince: undefined,
    storable: signals.report !== undefined,
    signals,
    native: () => undefined,
  }
}

/** How long it may wait. RFC 3428 §8: Expires counts from Date, or from now; `over` where that is past. */
export function lifetimeOf(
  { headers }: SipRequest,
  now: number,
): 'over' | { expiresAt?: number; storable?: boolean } {
  const seconds = parseExpires(headers.get('Expires') ?? '')
  if (seconds === undefined) return {}
  const date = parseDate(headers.get('Date') ?? '')
  // What is to be delivered now or not at all.
  if (seconds === 0 && date === undefined) return { storable: false }
  const expiresAt = (date ?? now) + seconds * 1000
  return expiresAt <= now ? 'over' : { expiresAt }
}

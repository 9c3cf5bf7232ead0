/**
 * What became of a message, in SIP's words and back (RFC 3428 §7, RFC 3261 §21).
 *
 * | from the core      | answered to a SIP sender | answered by a SIP recipient        | told to the core |
 * |--------------------|--------------------------|------------------------------------|------------------|
 * | delivered, dropped | 200                      | 2xx                                | delivered        |
 * | stored             | 202                      |                                    |                  |
 * | no-such-user       | 404                      |                                    |                  |
 * | no-such-domain     | 404                      |                                    |                  |
 * | unreachable        | 480                      | 404, 405, 410, 480, 481, 486, 501, | unreachable      |
 * |                    |                          | 600, 604 and all not named here    |                  |
 * | not-acceptable     | 488                      | 406, 415, 488, 493, 606            | not-acceptable   |
 * | too-large          | 413                      | 413, 513                           | too-large        |
 * | forbidden          | 403                      | 401, 403, 407, 433, 603            | forbidden        |
 * | mailbox-full       | 480 and a Warning        |                                    |                  |
 * | timeout            | 408                      | 408, 504                           | timeout          |
 * | overloaded         | 503 and Retry-After      | 429, 503                           | overloaded       |
 * | internal           | 500                      |                                    |                  |
 *
 * A recipient's phone that says 404 or 405 is one that takes no messages, not a person who does not
 * exist: he counts as absent, and the message waits for him. A relayed message settles first.
 */
import {
  DELIVERED,
  type DeliveryOutcome,
  type Refusal,
  refused,
} from '../../core/messaging/message.ts'
import type { HeaderFields } from '../errors.ts'

export interface SipAnswer {
  readonly status: number
  readonly reason?: string
  readonly headers?: HeaderFields
}

const RETRY_AFTER_SECONDS = '10'

const ANSWERS: Readonly<Record<Refusal, SipAnswer>> = {
  'no-such-user': { status: 404 },
  'no-such-domain': { status: 404 },
  unreachable: { status: 480 },
  'not-acceptable': { status: 488 },
  'too-large': { status: 413 },
  forbidden: { status: 403 },
  'mailbox-full': {
    status: 480,
    headers: [['Warning', '399 heliograph "The recipient\'s mailbox is full"']],
  },
  timeout: { status: 408 },
  overloaded: { status: 503, headers: [['Retry-After', RETRY_AFTER_SECONDS]] },
  internal: { status: 500 },
}

const REFUSALS: Readonly<Record<number, Refusal>> = {
  401: 'forbidden',
  403: 'forbidden',
  406: 'not-acceptable',
  407: 'forbidden',
  408: 'timeout',
  413: 'too-large',
  415: 'not-acceptable',
  429: 'overloaded',
  433: 'forbidden',
  488: 'not-acceptable',
  493: 'not-acceptable',
  503: 'overloaded',
  504: 'timeout',
  513: 'too-large',
  603: 'forbidden',
  606: 'not-acceptable',
}

/** The response to a SIP sender. */
export async function answerTo(outcome: DeliveryOutcome): Promise<SipAnswer> {
  switch (outcome.kind) {
    case 'delivered':
    case 'dropped':
      return { status: 200 }
    case 'stored':
      return { status: 202 }
    case 'refused':
      return ANSWERS[outcome.refusal]
    case 'relayed':
      return answerTo(await outcome.final)
  }
}

/** What a SIP recipient's final response means to the core. */
export function outcomeOf(status: number): DeliveryOutcome {
  if (status >= 200 && status < 300) return DELIVERED
  return refused(REFUSALS[status] ?? 'unreachable')
}

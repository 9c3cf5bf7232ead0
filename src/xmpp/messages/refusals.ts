/** What became of a message, in XMPP's words: the conditions of RFC 6120 §8.3.3. */
import type { Refusal } from '../../core/messaging/message.ts'
import { type StanzaCondition, StanzaError, type StanzaErrorType } from '../errors.ts'

const WORDS: Readonly<Record<Refusal, readonly [StanzaErrorType, StanzaCondition, string?]>> = {
  // RFC 6121 §8.5.1: no other word for a user who does not exist than for one who is not there.
  'no-such-user': ['cancel', 'service-unavailable'],
  unreachable: ['cancel', 'service-unavailable'],
  'no-such-domain': ['cancel', 'remote-server-not-found'],
  'not-acceptable': ['modify', 'not-acceptable', 'The recipient cannot take this type of content.'],
  'too-large': ['modify', 'policy-violation', 'The message is too large for the recipient.'],
  forbidden: ['auth', 'forbidden'],
  // XEP-0160 §2.
  'mailbox-full': ['cancel', 'service-unavailable', 'The recipient’s mailbox is full.'],
  timeout: ['wait', 'remote-server-timeout', 'The recipient’s client did not answer.'],
  overloaded: ['wait', 'resource-constraint'],
  internal: ['cancel', 'internal-server-error'],
}

export function refusalError(refusal: Refusal): StanzaError {
  const [type, condition, text] = WORDS[refusal]
  return new StanzaError(type, condition, text)
}

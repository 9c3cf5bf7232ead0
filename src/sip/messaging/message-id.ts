/**
 * Ids of messages as IMDN writes them (RFC 5438 §6.3), and back: whoever answers days later, or after a restart,
 * is understood, since nothing is remembered.
 */
import { randomId } from '../../util/random-id.ts'
import { newCallId } from '../message/respond.ts'

/** What RFC 3862 §3.6 has in a token, and RFC 3261 §25.1 in a Call-ID. */
const TOKEN = /^[\w!%*+`'~.-]{1,200}$/
/** Begins an id that could not be written as it was. */
const ENCODED = 'b64.'

/** Of a message that nobody else has named. */
export function newMessageId(): string {
  return randomId(12, 'base64url')
}

export function toMessageId(id: string): string {
  if (TOKEN.test(id) && !id.startsWith(ENCODED)) return id
  return ENCODED + Buffer.from(id).toString('base64url')
}

export function fromMessageId(messageId: string): string {
  if (!messageId.startsWith(ENCODED)) return messageId
  return Buffer.from(messageId.slice(ENCODED.length), 'base64url').toString()
}

/** Between the id and what makes it a Call-ID like no other. */
const MARK = '~~'

/** @COMPAT(linphone): without CPIM it tells of a message by its Call-ID. */
export function callIdFor(id: string | undefined): string {
  const unique = newCallId()
  return id === undefined || id === '' ? unique : `${toMessageId(id)}${MARK}${unique}`
}

export function idInCallId(callId: string): string {
  const end = callId.lastIndexOf(MARK)
  return fromMessageId(end < 0 ? callId : callId.slice(0, end))
}

/** Messages as bytes (RFC 3261 §7). */
import { SipHeaders, type SipMessage } from './message.ts'

const UNSAFE_IN_URI = /[\s\x00-\x1f\x7f]/g

/**
 * Content-Length is always written, last, and is always the body's (§20.14); one in the headers is left out.
 * `via` stands above all that are in the message.
 */
export function serialize(message: SipMessage, via?: string): Buffer {
  const { headers, body } = message
  const top = via === undefined ? '' : `Via: ${via}\r\n`
  const head = `${startLine(message)}\r\n${top}${SipHeaders.lines(headers)}Content-Length: ${body.length}\r\n\r\n`
  if (body.length === 0) return Buffer.from(head)
  const headLength = Buffer.byteLength(head)
  const bytes = Buffer.allocUnsafe(headLength + body.length)
  bytes.write(head, 0, 'utf8')
  body.copy(bytes, headLength)
  return bytes
}

/** What a peer or a user wrote must not end the line early. */
function startLine(message: SipMessage): string {
  if (message.kind === 'response') {
    return `SIP/2.0 ${message.status} ${message.reason.replace(/[\r\n]+/g, ' ')}`
  }
  return `${message.method} ${message.uri.replace(UNSAFE_IN_URI, encodeURIComponent)} SIP/2.0`
}

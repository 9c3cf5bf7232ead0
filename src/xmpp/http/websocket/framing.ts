/** Frames of the WebSocket subprotocol `xmpp` (RFC 7395 §3.3). */
import { xml } from '../../../xml/element.ts'

export const NS_FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'
export const CLOSE = xml('close', { xmlns: NS_FRAMING }).toString()

/** Our stream header (§3.4); what a client's frames are read in, and are parsed by the parser of streams. */
export const FRAMED_ROOT = Buffer.from(
  "<framed xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
)

/** §3.4, with what RFC 6120 §4.7 says of the attributes. */
export function ownOpen(domain: string | undefined, to: string | undefined): string {
  const attrs = { from: domain, to, id: crypto.randomUUID(), version: '1.0', 'xml:lang': 'en' }
  return xml('open', { xmlns: NS_FRAMING, ...attrs }).toString()
}

const DECLARATION = Buffer.from('<?xml ')
const END_OF_DECLARATION = Buffer.from('?>')

/** The element of a frame, without an XML declaration, which §3.3.3 does not recommend and does not forbid. */
export function elementOf(frame: Buffer): Buffer {
  if (!frame.subarray(0, DECLARATION.length).equals(DECLARATION)) return frame
  const end = frame.indexOf(END_OF_DECLARATION)
  return end < 0 ? frame : frame.subarray(end + END_OF_DECLARATION.length)
}

/** @COMPAT(clients of drafts, 2026): keep the connection alive with white space, which §3.8 forbids. */
export function isBlank(frame: Buffer): boolean {
  return frame.every((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
}

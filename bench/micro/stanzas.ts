/** What streams carry: a typical message of 300 bytes, and others. */

import type { Element } from '../../src/xml/element.ts'
import { XmlStreamParser } from '../../src/xml/tokenizer.ts'

export const STREAM_HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  "to='example.com' version='1.0'>"

const MESSAGE =
  "<message to='bob@example.com/desk' from='alice@example.com/laptop' type='chat' " +
  "id='9f1c2d7e-5b7a-4a38-8f53-0d8b2b1c7a11'>" +
  '<body>Good morning! Shall we meet at ten in the room by the kitchen?</body>' +
  "<active xmlns='http://jabber.org/protocol/chatstates'/>" +
  "<request xmlns='urn:xmpp:receipts'/></message>"

export const STANZAS = {
  'a message': MESSAGE,
  'a message, escaped and not ASCII': MESSAGE.replace('Good morning!', 'Grüße &amp; bis später…'),
  'a presence':
    "<presence from='alice@example.com/laptop'><show>away</show><status>Lunch</status>" +
    "<priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' " +
    "node='https://example.com/client' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>",
  'an iq': "<iq type='get' id='p17' to='example.com'><ping xmlns='urn:xmpp:ping'/></iq>",
  'a roster of 50': rosterOf(50),
} as const

function rosterOf(size: number): string {
  const items = Array.from(
    { length: size },
    (_, at) =>
      `<item jid='user${at}@example.com' name='User ${at}' subscription='both'><group>Team</group></item>`,
  )
  return `<iq type='result' id='r1'><query xmlns='jabber:iq:roster'>${items.join('')}</query></iq>`
}

/** The element that a client's stream makes of it. */
export function elementOf(stanza: string): Element {
  const elements: Element[] = []
  const parser = new XmlStreamParser(
    { onOpen() {}, onElement: (element) => void elements.push(element), onClose() {} },
    { maxStanzaBytes: 262_144, maxDepth: 64, maxAttributes: 64 },
  )
  parser.write(Buffer.from(STREAM_HEADER + stanza))
  const [element] = elements
  if (!element) throw new Error(`no stanza: ${stanza}`)
  return element
}

/**
 * The XML tokenizer beside saxes, in one run on one machine: a typical message of 300 bytes and
 * others that streams carry. Both parsers build the same tree of elements.
 *
 *   script/bench --only xml-tokenizer [ROUNDS]
 */
import { SaxesParser } from 'saxes'
import { Element, newAttributes } from '../src/xml/element.ts'
import { XmlStreamParser } from '../src/xml/tokenizer.ts'

const LIMITS = { maxStanzaBytes: 262_144, maxDepth: 64, maxAttributes: 64 }
const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  "to='example.com' version='1.0'>"

const MESSAGE =
  "<message to='bob@example.com/desk' from='alice@example.com/laptop' type='chat' " +
  "id='9f1c2d7e-5b7a-4a38-8f53-0d8b2b1c7a11'>" +
  '<body>Good morning! Shall we meet at ten in the room by the kitchen?</body>' +
  "<active xmlns='http://jabber.org/protocol/chatstates'/>" +
  "<request xmlns='urn:xmpp:receipts'/></message>"

const STANZAS: Readonly<Record<string, string>> = {
  message: MESSAGE,
  'message, escaped and not ASCII': MESSAGE.replace('Good morning!', 'Grüße &amp; bis später…'),
  presence:
    '<presence><show>away</show><status>Lunch</status><priority>5</priority>' +
    "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.com/client' " +
    "ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>",
  'roster of 50': rosterOf(50),
}

function rosterOf(size: number): string {
  const items = Array.from(
    { length: size },
    (_, at) =>
      `<item jid='user${at}@example.com' name='User ${at}' subscription='both'><group>Team</group></item>`,
  )
  return `<iq type='result' id='r1'><query xmlns='jabber:iq:roster'>${items.join('')}</query></iq>`
}

/** Writes chunks into a parser; the answer is how many stanzas came out since it was made. */
interface Candidate {
  write(chunk: Buffer): void
  readonly stanzas: number
}

function ours(): Candidate {
  let stanzas = 0
  const parser = new XmlStreamParser(
    { onOpen() {}, onElement: () => void stanzas++, onClose() {} },
    LIMITS,
  )
  return {
    write: (chunk) => parser.write(chunk),
    get stanzas() {
      return stanzas
    },
  }
}

function saxes(): Candidate {
  let stanzas = 0
  const open: Element[] = []
  const parser = new SaxesParser({ xmlns: true, fragment: false })
  parser.on('opentag', ({ local, uri, attributes }) => {
    const attrs = newAttributes()
    for (const { name, value } of Object.values(attributes)) {
      if (!name.startsWith('xmlns')) attrs[name] = value
    }
    const element = new Element(local, uri, attrs, [])
    if (open.length > 1) open.at(-1)?.children.push(element)
    open.push(element)
  })
  parser.on('text', (text) => void (open.length > 1 && open.at(-1)?.children.push(text)))
  parser.on('closetag', () => {
    open.pop()
    if (open.length === 1) stanzas++
  })
  return {
    write: (chunk) => void parser.write(chunk.toString()),
    get stanzas() {
      return stanzas
    },
  }
}

const PASSES = 30

/** Nanoseconds for one stanza in one stream of so many. */
function pass(create: () => Candidate, stanza: Buffer, rounds: number): number {
  const candidate = create()
  candidate.write(Buffer.from(HEADER))
  const start = process.hrtime.bigint()
  for (let round = 0; round < rounds; round++) candidate.write(stanza)
  const ns = Number(process.hrtime.bigint() - start) / rounds
  if (candidate.stanzas !== rounds) throw new Error('a parser lost stanzas')
  return ns
}

/** The best of many passes, the two taking turns: other work on the machine only ever adds time. */
function measure(stanza: Buffer, rounds: number): { tokenizer: number; reference: number } {
  let tokenizer = Number.POSITIVE_INFINITY
  let reference = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < PASSES; turn++) {
    tokenizer = Math.min(tokenizer, pass(ours, stanza, rounds))
    reference = Math.min(reference, pass(saxes, stanza, rounds))
  }
  return { tokenizer, reference }
}

const rounds = Number(process.argv[2] ?? 5_000)
const rows = Object.entries(STANZAS).map(([name, text]) => {
  const stanza = Buffer.from(text)
  const few = Math.ceil((rounds * 300) / Math.max(300, stanza.length))
  const { tokenizer, reference } = measure(stanza, few)
  return {
    stanza: name,
    bytes: stanza.length,
    'ours, ns': Math.round(tokenizer),
    'saxes, ns': Math.round(reference),
    'times faster': Number((reference / tokenizer).toFixed(1)),
  }
})
console.table(rows)

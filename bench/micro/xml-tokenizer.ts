/** Reading a stream, beside saxes, which builds the same tree of elements. */
import { SaxesParser } from 'saxes'
import { Element, newAttributes } from '../../src/xml/element.ts'
import { XmlStreamParser } from '../../src/xml/tokenizer.ts'
import type { Operation, Run } from './operation.ts'
import { STANZAS, STREAM_HEADER } from './stanzas.ts'

const LIMITS = { maxStanzaBytes: 262_144, maxDepth: 64, maxAttributes: 64 }

/** What takes chunks of a stream and answers how many stanzas came out of it since it was made. */
type Reader = (chunk: Buffer) => number

function ours(): Reader {
  let stanzas = 0
  const onElement = () => void stanzas++
  const parser = new XmlStreamParser({ onOpen() {}, onElement, onClose() {} }, LIMITS)
  return (chunk) => {
    parser.write(chunk)
    return stanzas
  }
}

function saxes(): Reader {
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
  return (chunk) => {
    parser.write(chunk.toString())
    return stanzas
  }
}

function reading(reader: Reader, stanza: string): Run {
  const chunk = Buffer.from(stanza)
  reader(Buffer.from(STREAM_HEADER))
  if (reader(chunk) !== 1) throw new Error(`no stanza came out of ${stanza}`)
  return () => reader(chunk)
}

export const xmlTokenizer: readonly Operation[] = Object.entries(STANZAS).flatMap(
  ([name, stanza]) => [
    { name: `xml: read ${name}`, setUp: () => reading(ours(), stanza) },
    {
      name: `saxes: read ${name}`,
      isReference: true,
      setUp: () => reading(saxes(), stanza),
    },
  ],
)

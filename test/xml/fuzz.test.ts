/** Random trees, random mutations of them and random bytes: some 12,000 cases in each run. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { parseDocument } from '../../src/xml/document.ts'
import { Element, NS_XML, newAttributes, type XmlNode } from '../../src/xml/element.ts'
import { XmlSyntaxError } from '../../src/xml/tokenizer.ts'
import { HEADER, Recorder } from './support.ts'

const LIMITS = { maxStanzaBytes: 1_000_000, maxDepth: 64, maxAttributes: 64 }
const NAMES = ['a', 'body', 'x-y.z', '_', 'größe', 'constructor', '__proto__', '名', 'xmlnsa', 'A1']
const NAMESPACES = ['', 'jabber:client', 'urn:a', 'urn:\'&<>"', 'urn:{b}', 'http://example.com/ü']

const name = fc.constantFrom(...NAMES)
const ns = fc.constantFrom(...NAMESPACES)
const text = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((value) => value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\r'))
const special = fc.constantFrom('&amp;', ']]>', '<!--', '\r\n', '\t \n', '\r', '😀', 'plain text')
const attribute = fc.tuple(
  fc.oneof(
    name,
    fc.constantFrom('xml:lang', 'xml:space'),
    fc.tuple(fc.constantFrom('urn:a', 'urn:{b}'), name).map(([uri, local]) => `{${uri}}${local}`),
  ),
  fc.oneof(text, special),
)

const { element } = fc.letrec<{ element: Element; child: XmlNode }>((tie) => ({
  element: fc
    .tuple(
      name,
      fc.oneof({ weight: 9, arbitrary: ns }, fc.constant(NS_XML)),
      fc.array(attribute, { maxLength: 4 }),
      fc.array(tie('child'), { maxLength: 4 }),
    )
    .map(([local, uri, attributes, children]) => {
      const attrs = newAttributes()
      for (const [key, value] of attributes) attrs[key] = value
      return new Element(local, uri, attrs, joined(children))
    }),
  child: fc.oneof({ depthSize: 'small', withCrossShrink: true }, text, special, tie('element')),
}))

/** Texts that meet are read as one, and empty ones not at all. */
function joined(children: readonly XmlNode[]): XmlNode[] {
  const out: XmlNode[] = []
  for (const child of children) {
    const last = out.at(-1)
    if (child === '') continue
    if (typeof child === 'string' && typeof last === 'string') out[out.length - 1] = last + child
    else out.push(child)
  }
  return out
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 })

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length]
  let from = 0
  return ends
    .sort((a, b) => a - b)
    .map((to) => {
      const piece = bytes.subarray(from, to)
      from = to
      return piece
    })
}

describe('a random tree', () => {
  it('written and read again, however it is cut, is the same tree', () => {
    fc.assert(
      fc.property(element, cuts, (tree, places) => {
        const bytes = Buffer.from(`${tree.toString('jabber:client')}<end/>`)
        const recorder = new Recorder(LIMITS).write(HEADER, ...cutAt(bytes, places))
        assert.equal(recorder.elements.length, 2)
        assert.deepEqual(recorder.elements[0], tree)
      }),
      { numRuns: 4_000 },
    )
  })

  it('is understood by another parser', () => {
    fc.assert(
      fc.property(element, (tree) => {
        assert.equal(saxesAccepts(tree.toString()), true)
      }),
      { numRuns: 500 },
    )
  })
})

const TOKENS = [
  ...'<>/&;="\'! ?-[]:.',
  ...['\t', '\r', '\n', '<!--', '-->', '--', '<![CDATA[', ']]>', '<?x ?>', '<?', '?>', '&amp;'],
  ...[
    '&#0;',
    '&#9;',
    '&#x1F600;',
    '&x;',
    ' xmlns="u"',
    ' xmlns:p="u"',
    ' xmlns:p=""',
    'p:',
    '<p:a>',
  ],
  ...[
    '<a>',
    '</a>',
    '<a/>',
    ' b="1"',
    " p:b='1'",
    'é',
    '😀',
    '\u0001',
    '\u007f',
    '\ufffe',
    '\ufeff',
  ],
  ...['<?xml version="1.0"?>', ' xml:lang="en"', ' xmlns:xml="u"', 'xmlns', 'xml:', ' :=""', '·'],
]
const token = fc.constantFrom(...TOKENS)

/** Where, how many characters are replaced, and by what. */
const mutation = fc.tuple(fc.nat(), fc.nat(3), fc.array(token, { maxLength: 2 }))

const mutated = fc
  .tuple(element, fc.array(mutation, { minLength: 1, maxLength: 3 }))
  .map(([tree, mutations]) => {
    let document = tree.toString()
    for (const [at, length, tokens] of mutations) {
      const where = at % (document.length + 1)
      document = document.slice(0, where) + tokens.join('') + document.slice(where + length)
    }
    return document.toWellFormed()
  })

const assembled = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''))
const wrapped = assembled.map((inner) => `<a xmlns:q="v">${inner}</a>`)

/**
 * Names like `a:-b`: the local part is no NCName (Namespaces in XML 1.0 §4), which saxes does not
 * check.
 */
const ODD_LOCAL_PART = /:[-.0-9·]/

describe('a document that may be broken', () => {
  it('is refused where saxes refuses it, and taken where saxes takes it', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, wrapped, assembled), (document) => {
        const verdict = ours(document)
        // What is well-formed and forbidden: saxes has no opinion on that.
        if (verdict === 'forbidden') return
        if (verdict === 'refused' && ODD_LOCAL_PART.test(document)) return
        assert.equal(verdict === 'accepted', saxesAccepts(document))
      }),
      { numRuns: 5_000 },
    )
  })

  it('is judged alike as a whole and in single bytes', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, wrapped), (document) => {
        const bytes = Buffer.from(`${HEADER}${document}</stream:stream>`)
        assert.deepEqual(
          stream(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))),
          stream([bytes]),
        )
      }),
      { numRuns: 1_500 },
    )
  })
})

describe('random bytes', () => {
  it('never make the parser throw anything but XmlSyntaxError', () => {
    const markup = token.map((value) => Buffer.from(value))
    const anything = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes))
    const chunks = fc.array(fc.oneof(markup, anything), { maxLength: 20 })
    fc.assert(
      fc.property(chunks, fc.boolean(), (pieces, afterHeader) => {
        stream(afterHeader ? [Buffer.from(HEADER), ...pieces] : pieces)
        ours(Buffer.concat(pieces))
      }),
      { numRuns: 1_500 },
    )
  })
})

function ours(document: string | Uint8Array): 'accepted' | 'refused' | 'forbidden' {
  try {
    parseDocument(document, LIMITS)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    return /^(restricted-xml|unsupported-encoding)$/.test(error.condition) ? 'forbidden' : 'refused'
  }
}

function saxesAccepts(document: string): boolean {
  let accepted = true
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', () => {
    accepted = false
  })
  parser.write(document).close()
  return accepted
}

/**
 * What comes of a stream: its elements, and whether all of it was taken. A tag with a quote too
 * many is refused at once where its end is there, and waited for where it is not.
 */
function stream(chunks: readonly Buffer[]): { elements: string[]; taken: boolean } {
  const recorder = new Recorder(LIMITS)
  let refused = false
  try {
    recorder.write(...chunks)
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    refused = true
  }
  const taken = !refused && recorder.parser.isComplete
  return { elements: recorder.elements.map(String), taken }
}

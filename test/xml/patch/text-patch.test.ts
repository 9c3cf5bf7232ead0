/** RFC 5261: what is different between two texts, as operations that do the same. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { declarations, NS_XCAP_DIFF } from '../../../src/formats/xcap-diff.ts'
import { parseDocument, parseScopedDocument } from '../../../src/xml/document.ts'
import { applyPatch } from '../../../src/xml/patch/apply-patch.ts'
import { parseOperations } from '../../../src/xml/patch/operations.ts'
import { makeTextPatch } from '../../../src/xml/patch/text-patch.ts'

const LIMITS = { maxStanzaBytes: 1_000_000, maxDepth: 64, maxAttributes: 64 }
const WRITER = { prefix: 'xd:', declarations }

function patched(from: string, patch: string): string {
  const diff = parseScopedDocument(`<xd:d xmlns:xd="${NS_XCAP_DIFF}">${patch}</xd:d>`, LIMITS)
  return applyPatch(parseDocument(from, LIMITS), parseOperations(diff)).toString()
}

const FROM = `<l xmlns="urn:l" xmlns:p="urn:p">
  <a n="1">x</a>
  <b><c/><d/></b>
</l>`

describe('RFC 5261: operations between texts', () => {
  const cases: [what: string, to: string, patch: string | undefined][] = [
    ['nothing', FROM, ''],
    [
      'an element after another',
      FROM.replace('x</a>', 'x</a><p:n/>'),
      '<xd:add sel="*/*[1]" pos="after" xmlns="urn:l" xmlns:p="urn:p"><p:n/></xd:add>',
    ],
    [
      'an element at the end of one',
      FROM.replace('<d/></b>', '<d/><e> </e></b>'),
      '<xd:add sel="*/*[2]" xmlns="urn:l" xmlns:p="urn:p"><e> </e></xd:add>',
    ],
    [
      'an element before all others',
      FROM.replace('<b><c/>', '<b><z/><c/>'),
      '<xd:add sel="*/*[2]" pos="prepend" xmlns="urn:l" xmlns:p="urn:p"><z/></xd:add>',
    ],
    ['one is gone', FROM.replace('<c/>', ''), '<xd:remove sel="*/*[2]/*[1]"/>'],
    [
      'two are gone',
      FROM.replace('<c/><d/>', ''),
      '<xd:replace sel="*/*[2]" xmlns="urn:l" xmlns:p="urn:p"><b></b></xd:replace>',
    ],
    [
      'another text',
      FROM.replace('>x<', '>y<'),
      '<xd:replace sel="*/*[1]" xmlns="urn:l" xmlns:p="urn:p"><a n="1">y</a></xd:replace>',
    ],
    ['another prolog', `<?xml version="1.0"?>${FROM}`, undefined],
  ]
  for (const [what, to, patch] of cases) {
    it(what, () => {
      const made = makeTextPatch(WRITER, FROM, to)
      if (what === 'two are gone') assert.ok(made?.startsWith('<xd:remove'))
      else assert.equal(made, patch)
      if (made !== undefined)
        assert.equal(patched(FROM, made), parseDocument(to, LIMITS).toString())
    })
  }

  it('make the new text of the old, whatever they are', () => {
    const name = fc.constantFrom('a', 'p:b', 'c')
    const text = fc.constantFrom('', ' ', 'text', '\n  ', '&amp;')
    const { element } = fc.letrec<{ element: string }>((tie) => ({
      element: fc
        .tuple(
          name,
          fc.constantFrom('', ' n="1"', ' p:n="2"', ' xmlns="urn:o"'),
          fc.array(fc.tuple(text, fc.option(tie('element'), { nil: '', maxDepth: 3 })), {
            maxLength: 4,
          }),
        )
        .map(
          ([tag, attributes, content]) =>
            `<${tag}${attributes}>${content.flat().join('')}</${tag}>`,
        ),
    }))
    const document = element.map((inner) => `<r xmlns="urn:l" xmlns:p="urn:p">${inner}</r>`)
    const slightly = fc.tuple(document, fc.nat(), element).map(([whole, at, other]) => {
      const places = [...whole.matchAll(/<\/\w/g)].map(({ index }) => index)
      const place = places[at % places.length] ?? 0
      return [whole, whole.slice(0, place) + other + whole.slice(place)] as const
    })
    fc.assert(
      fc.property(fc.oneof(slightly, fc.tuple(document, document)), ([a, b]) => {
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const) {
          const patch = makeTextPatch(WRITER, from, to)
          assert.ok(patch !== undefined)
          assert.equal(patched(from, patch), parseDocument(to, LIMITS).toString())
        }
      }),
      { numRuns: 500 },
    )
  })
})

it('RFC 5261: replaces an element with very many children as a whole', () => {
  const wide = (name: string) => `<l><m>${`<${name}/>`.repeat(1_001)}</m><n/></l>`
  const patch = makeTextPatch(WRITER, wide('a'), wide('b')) ?? ''
  assert.match(patch, /^<xd:replace sel="\*\/\*\[1\]"[^>]*><m>/)
  assert.equal(patched(wide('a'), patch), wide('b'))
})

it('RFC 5261: leaves what takes very many operations to the new text', () => {
  const wide = (name: string) => `<l>${`<m>${`<e ${name}="1"/>`.repeat(400)}</m>`.repeat(4)}</l>`
  assert.equal(makeTextPatch(WRITER, wide('a'), wide('b')), undefined)
})

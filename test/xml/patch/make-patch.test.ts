/** RFC 5261 §6: a patch says what has changed, and applied to the old document it gives the new one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDocument, parseScopedDocument } from '../../../src/xml/document.ts'
import { type Element, xml } from '../../../src/xml/element.ts'
import { applyPatch } from '../../../src/xml/patch/apply-patch.ts'
import { makePatch } from '../../../src/xml/patch/make-patch.ts'
import { parseOperations } from '../../../src/xml/patch/operations.ts'
import { Prefixes } from '../../../src/xml/prefixes.ts'

const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 32, maxAttributes: 32 }
const NS = 'urn:diff'

function patch(from: Element, to: Element): string | undefined {
  const prefixes = new Prefixes(
    new Map([
      ['urn:a', ''],
      [NS, 'p'],
    ]),
  )
  const operations = makePatch({ prefixes, ns: NS }, from, to)
  const root = prefixes.name(NS, 'diff')
  return operations === undefined
    ? undefined
    : `<${root}${prefixes.declarations()}>${operations}</${root}>`
}

function patched(from: Element, to: Element): Element | undefined {
  const text = patch(from, to)
  if (text === undefined) return undefined
  return applyPatch(from, parseOperations(parseScopedDocument(text, LIMITS)))
}

const read = (text: string) => parseDocument(text, LIMITS)

function operations(from: string, to: string): string | undefined {
  return patch(read(from), read(to))
    ?.replace(/^<p:diff[^>]*>/, '')
    .replace('</p:diff>', '')
}

describe('a patch from one document to another', () => {
  const cases: Record<string, [from: string, to: string, patch: string | undefined]> = {
    'of the same is empty': ["<d><e id='1'/></d>", "<d><e id='1'/></d>", undefined],
    'replaces the text of an element': [
      "<d><e id='1'><f k='stays'>old</f></e><e id='2'><f k='stays'>other</f></e></d>",
      "<d><e id='1'><f k='stays'>new</f></e><e id='2'><f k='stays'>other</f></e></d>",
      '<p:replace sel="*/e[@id=\'1\']/f/text()">new</p:replace>',
    ],
    'removes an element': ["<d><e id='1'/><g/></d>", '<d><g/></d>', '<p:remove sel="*/e"/>'],
    'adds neighbours together': [
      '<d><a/><z/></d>',
      '<d><a/><b/><c/><z/></d>',
      '<p:add sel="*/a" pos="after"><b/><c/></p:add>',
    ],
    'adds at the start': [
      '<d><z/></d>',
      '<d><a/><z/></d>',
      '<p:add sel="*" pos="prepend"><a/></p:add>',
    ],
    'adds at the end': ['<d><z/></d>', '<d><z/><a/></d>', '<p:add sel="*"><a/></p:add>'],
    'is none for another order': ['<d><a/><b/></d>', '<d><b/><a/></d>', undefined],
    'is none for another root': ['<d/>', '<e/>', undefined],
  }
  for (const [name, [from, to, expected]] of Object.entries(cases)) {
    it(name, () => {
      const inNamespace = (text: string) => text.replace(/^<d/, "<d xmlns='urn:a'")
      const found = operations(inNamespace(from), inNamespace(to))
      assert.equal(found || undefined, expected)
    })
  }

  it('gives the new document where it is applied to the old one', () => {
    let patches = 0
    fc.assert(
      fc.property(documents, documents, (from, to) => {
        const result = patched(from, to)
        if (result === undefined) return
        patches += 1
        assert.equal(String(result), String(to))
      }),
      { numRuns: 400 },
    )
    assert.ok(patches > 100, `${patches} of 400 had a patch`)
  })

  it('is the same for the same documents', () => {
    fc.assert(
      fc.property(documents, documents, (from, to) => {
        assert.equal(patch(from, to), patch(read(String(from)), read(String(to))))
      }),
    )
  })
})

const text = fc.constantFrom('open', 'closed', 'a & b', "it's", '<x>')
const leaf = fc
  .record({
    name: fc.constantFrom('e', 'f'),
    ns: fc.constantFrom('urn:a', 'urn:b'),
    id: fc.option(fc.constantFrom('1', '2', '3', "4'"), { nil: undefined }),
    k: fc.option(text, { nil: undefined }),
    content: fc.option(text, { nil: '' }),
  })
  .map(({ name, ns, id, k, content }) => xml(name, { xmlns: ns, id, '{urn:b}k': k }, content))

const branch = fc
  .record({
    name: fc.constantFrom('e', 'g'),
    id: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }),
    children: fc.array(leaf, { maxLength: 4 }),
  })
  .map(({ name, id, children }) => xml(name, { xmlns: 'urn:a', id }, ...children))

const documents = fc
  .array(branch, { maxLength: 4 })
  .map((children) => xml('d', { xmlns: 'urn:a' }, ...children))

it('leaves an element with very many children to the new document (RFC 5261 §6)', () => {
  const wide = (more: string) => `<r xmlns="urn:a">${'<a/>'.repeat(16_000)}${more}</r>`
  const from = parseDocument(wide(''), LIMITS)
  assert.equal(patch(from, parseDocument(wide('<b/>'), LIMITS)), undefined)
})

/** Filters (RFC 4661), partial presence (RFC 5262) and patches (RFC 5261) that were not meant well. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { filtered, isTriggered } from '../../src/formats/filter/apply-filter.ts'
import { FilterError } from '../../src/formats/filter/filter-model.ts'
import { mergeFilters, parseFilters } from '../../src/formats/filter/filter-sets.ts'
import { MAX_EXPRESSIONS } from '../../src/formats/filter/parse-filter.ts'
import { PidfError, parsePidf, renderPidf } from '../../src/formats/pidf.ts'
import { parsePidfDiff } from '../../src/formats/pidf-diff.ts'
import { parseDocument } from '../../src/xml/document.ts'
import { applyPatch } from '../../src/xml/patch/apply-patch.ts'
import { PatchError } from '../../src/xml/patch/patch-error.ts'
import { parsePath } from '../../src/xml/path/parse-path.ts'
import { PathError } from '../../src/xml/path/path.ts'
import { extendedDocuments } from './arbitraries.ts'

const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 24, maxAttributes: 64 }

const FILTER =
  '<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"><ns-bindings><ns-binding prefix="p" urn="urn:ietf:params:xml:ns:pidf"/></ns-bindings>' +
  '<filter id="1" uri="sip:a@b"><what><include>//p:tuple[p:status/p:basic="open"]/p:contact/@priority</include><exclude type="namespace">urn:ietf:params:xml:ns:pidf:rpid</exclude></what>' +
  '<trigger><changed from="a" to="b" by="1">/*/p:tuple[1]/p:status</changed><added>//p:note</added></trigger></filter></filter-set>'
const DIFF =
  '<p:pidf-diff xmlns="urn:ietf:params:xml:ns:pidf" xmlns:p="urn:ietf:params:xml:ns:pidf-diff" version="1" entity="sip:a@b">' +
  '<p:add sel="presence/tuple[1]" pos="before"><tuple id="x"><status/></tuple></p:add><p:replace sel="*/tuple[@id=\'t0\']/status/basic/text()">open</p:replace>' +
  '<p:remove sel="*/tuple[2]/contact/@priority"/><p:add sel="*" type="@x">y</p:add></p:pidf-diff>'

/** With some of it cut out, doubled, or put in the place of other parts. */
function mangled(text: string): fc.Arbitrary<string> {
  const at = fc.integer({ min: 0, max: text.length })
  const cut = fc.tuple(at, at, fc.constantFrom('drop', 'twice', 'quote', 'slash', 'bracket'))
  return fc.array(cut, { minLength: 1, maxLength: 4 }).map((cuts) =>
    cuts.reduce((whole, [a, b, how]) => {
      const [from, to] = a < b ? [a, b] : [b, a]
      const part = whole.slice(from, Math.min(to, from + 30))
      const instead =
        { drop: '', twice: part + part, quote: '"', slash: '//', bracket: '[' }[how] ?? ''
      return whole.slice(0, from) + instead + whole.slice(from + part.length)
    }, text),
  )
}

function onlyThrows(kinds: readonly (new (...args: never[]) => Error)[], work: () => void): void {
  try {
    work()
  } catch (error) {
    assert.ok(
      kinds.some((kind) => error instanceof kind),
      String(error),
    )
  }
}

describe('whatever is sent', () => {
  it('as a filter is taken or refused in so many words, and done to any document', () => {
    fc.assert(
      fc.property(mangled(FILTER), extendedDocuments, (text, document) => {
        onlyThrows([FilterError], () => {
          const { filters } = parseFilters(Buffer.from(text))
          const tree = parseDocument(renderPidf(document, 'sip:a@b'), LIMITS)
          for (const { what, triggers } of filters) {
            const left = what ? filtered(tree, what) : tree
            isTriggered(triggers, tree, left)
          }
          mergeFilters(Buffer.from(FILTER), Buffer.from(text))
        })
      }),
      { numRuns: 2000 },
    )
  })

  it('as a difference is applied, or refused in so many words', () => {
    fc.assert(
      fc.property(mangled(DIFF), extendedDocuments, (text, document) => {
        onlyThrows([PatchError, PidfError], () => {
          const tree = parseDocument(renderPidf(document, 'sip:a@b'), LIMITS)
          const partial = parsePidfDiff(Buffer.from(text))
          if (partial.kind === 'full') return
          parsePidf(applyPatch(tree, partial.operations).toString())
        })
      }),
      { numRuns: 2000 },
    )
  })

  it('as a path is one, or is not', () => {
    const piece = fc.constantFrom(
      '/',
      '//',
      '*',
      'a',
      'p:b',
      '@',
      '[',
      ']',
      '=',
      '"x"',
      "'",
      '1',
      'and',
      'or',
      '.',
      '..',
      'text()',
      '(',
      ' ',
      '<',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        onlyThrows([PathError], () =>
          parsePath(pieces.join(''), (prefix) => (prefix === '' ? '' : `urn:${prefix}`)),
        )
      }),
      { numRuns: 5000 },
    )
  })

  it('takes no longer than its size allows', () => {
    const deep = `<presence xmlns="urn:ietf:params:xml:ns:pidf">${'<a><b/>'.repeat(1500)}${'</a>'.repeat(1500)}</presence>`
    const wide = `<presence xmlns="urn:ietf:params:xml:ns:pidf">${'<tuple><status><basic>open</basic></status></tuple>'.repeat(1200)}</presence>`
    assert.throws(() => parsePidf(deep), PidfError)
    const tree = parseDocument(wide, LIMITS)
    const costly = `//*${"[*/*='x' or *='y' or .='z']".repeat(4)}`
    const filter = `<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"><filter id="1"><what>${`<include>${costly}</include>`.repeat(MAX_EXPRESSIONS)}</what></filter></filter-set>`
    const [one] = parseFilters(Buffer.from(filter)).filters
    assert.ok(one?.what)
    const start = process.cpuUsage()
    filtered(tree, one.what)
    const { user } = process.cpuUsage(start)
    assert.ok(user < 2_000_000, `${user} µs`)
  })
})
